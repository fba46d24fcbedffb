//! The settings of a job.

use std::collections::BTreeMap;

use hurtig_runtime::JobClient;
use serde::Serialize;

use super::settings::Setting;

/// `GET /jobs/:jobid/config`
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct JobConfig {
    jid: String,
    name: String,
    execution_config: ExecutionConfig,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ExecutionConfig {
    restart_strategy: &'static str,
    job_parallelism: u32,
    object_reuse_mode: bool,
    /// What was set, by key. (In Flink, the parameters that the program registered.)
    user_config: BTreeMap<String, String>,
}

impl JobConfig {
    pub(crate) fn of(job: &JobClient) -> Self {
        let settings = job.plan().stream_graph.settings();
        let levels = [
            settings.environment_parallelism,
            settings.client_parallelism,
        ];
        let parallelism = levels.into_iter().flatten().next();
        let set = Setting::all(job.configuration()).into_iter();
        Self {
            jid: job.job_id().to_string(),
            name: job.job_name().to_string(),
            execution_config: ExecutionConfig {
                restart_strategy: "Restart deactivated.",
                job_parallelism: parallelism.unwrap_or(settings.system_parallelism),
                // Records are moved, never copied between the operators of a chain.
                object_reuse_mode: true,
                user_config: set.map(|setting| (setting.key, setting.value)).collect(),
            },
        }
    }
}
