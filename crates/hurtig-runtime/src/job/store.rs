//! The jobs that a cluster remembers: all that run, and the last of those that have ended.

use hurtig_types::JobId;
use parking_lot::Mutex;

use super::client::JobClient;

/// The clients of the jobs, in the order in which they were submitted.
#[derive(Default)]
pub(super) struct JobStore {
    jobs: Mutex<Vec<JobClient>>,
}

impl JobStore {
    /// Adds a job. Of those that have ended, the last `ended_max` stay.
    pub(super) fn add(&self, job: JobClient, ended_max: usize) {
        let mut jobs = self.jobs.lock();
        let ended = jobs.iter().filter(|job| job.status().is_terminal()).count();
        let mut too_many = ended.saturating_sub(ended_max);
        let mut forgotten = Vec::new();
        jobs.retain(|job| {
            let stays = too_many == 0 || !job.status().is_terminal();
            if !stays {
                too_many -= 1;
                forgotten.push(job.clone());
            }
            stays
        });
        jobs.push(job);
        drop(jobs);
        // What a job holds (its metrics may hold what they like) is let go outside the lock.
        drop(forgotten);
    }

    pub(super) fn all(&self) -> Vec<JobClient> {
        self.jobs.lock().clone()
    }

    pub(super) fn find(&self, id: JobId) -> Option<JobClient> {
        let jobs = self.jobs.lock();
        jobs.iter().find(|job| job.job_id() == id).cloned()
    }
}
