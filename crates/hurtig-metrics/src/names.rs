//! Flink's names for the metrics that the engine itself keeps.
//!
//! ```
//! assert_eq!(hurtig_metrics::names::NUM_RECORDS_IN, "numRecordsIn");
//! ```

macro_rules! names {
    ($($(#[$doc:meta])+ $constant:ident = $name:literal;)+) => {
        $($(#[$doc])+ pub const $constant: &str = $name;)+

        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$((stringify!($constant), $name)),+];
    };
}

names! {
    // Records and bytes, of tasks and operators.

    /// Counter: records read. Unit: records.
    NUM_RECORDS_IN = "numRecordsIn";
    /// Counter: records written. Unit: records.
    NUM_RECORDS_OUT = "numRecordsOut";
    /// Meter: records read. Unit: records/s.
    NUM_RECORDS_IN_PER_SECOND = "numRecordsInPerSecond";
    /// Meter: records written. Unit: records/s.
    NUM_RECORDS_OUT_PER_SECOND = "numRecordsOutPerSecond";
    /// Counter: bytes read. Unit: bytes.
    NUM_BYTES_IN = "numBytesIn";
    /// Counter: bytes written. Unit: bytes.
    NUM_BYTES_OUT = "numBytesOut";
    /// Meter: bytes read. Unit: bytes/s.
    NUM_BYTES_IN_PER_SECOND = "numBytesInPerSecond";
    /// Meter: bytes written. Unit: bytes/s.
    NUM_BYTES_OUT_PER_SECOND = "numBytesOutPerSecond";
    /// Counter: records dropped because they came after their window was cleaned up. Unit: records.
    NUM_LATE_RECORDS_DROPPED = "numLateRecordsDropped";
    /// Counter: records that a function failed at and that were set aside. Unit: records.
    NUM_RECORDS_DEAD_LETTERED = "numRecordsDeadLettered";
    /// Counter: timers that fired. Unit: timers.
    NUM_FIRED_TIMERS = "numFiredTimers";
    /// Meter: timers that fired. Unit: timers/s.
    NUM_FIRED_TIMERS_PER_SECOND = "numFiredTimersPerSecond";

    // Event time.

    /// Gauge: the last watermark received, the least over all inputs. Unit: epoch ms.
    CURRENT_INPUT_WATERMARK = "currentInputWatermark";
    /// Gauge: the last watermark emitted. Unit: epoch ms.
    CURRENT_OUTPUT_WATERMARK = "currentOutputWatermark";
    /// Gauge: how far a split is ahead of the watermark of its alignment group. Unit: ms.
    WATERMARK_ALIGNMENT_DRIFT = "watermarkAlignmentDrift";

    // What a task's time goes to.

    /// Gauge: waiting for input. Unit: ms per second.
    IDLE_TIME_MS_PER_SECOND = "idleTimeMsPerSecond";
    /// Gauge: working. Unit: ms per second.
    BUSY_TIME_MS_PER_SECOND = "busyTimeMsPerSecond";
    /// Gauge: waiting for room in the outputs. Unit: ms per second.
    BACK_PRESSURED_TIME_MS_PER_SECOND = "backPressuredTimeMsPerSecond";
    /// Gauge: back-pressured while the task itself could work. Unit: ms per second.
    SOFT_BACK_PRESSURED_TIME_MS_PER_SECOND = "softBackPressuredTimeMsPerSecond";
    /// Gauge: back-pressured and blocked. Unit: ms per second.
    HARD_BACK_PRESSURED_TIME_MS_PER_SECOND = "hardBackPressuredTimeMsPerSecond";
    /// Gauge: the longest stretch of back pressure since the last reading. Unit: ms.
    MAX_SOFT_BACK_PRESSURE_TIME_MS = "maxSoftBackPressureTimeMs";
    /// Gauge: the longest blocked stretch of back pressure since the last reading. Unit: ms.
    MAX_HARD_BACK_PRESSURE_TIME_MS = "maxHardBackPressureTimeMs";
    /// Gauge: whether the task is back-pressured now. Unit: true or false.
    IS_BACK_PRESSURED = "isBackPressured";
    /// Gauge: waiting for input, since the task began. Unit: ms.
    ACCUMULATE_IDLE_TIME_MS = "accumulateIdleTimeMs";
    /// Gauge: working, since the task began. Unit: ms.
    ACCUMULATE_BUSY_TIME_MS = "accumulateBusyTimeMs";
    /// Gauge: waiting for room in the outputs, since the task began. Unit: ms.
    ACCUMULATE_BACK_PRESSURED_TIME_MS = "accumulateBackPressuredTimeMs";
    /// Meter: mails processed. Unit: mails/s.
    MAILBOX_MAILS_PER_SECOND = "mailboxMailsPerSecond";
    /// Gauge: mails waiting. Unit: mails.
    MAILBOX_QUEUE_SIZE = "mailboxQueueSize";
    /// Histogram: how long a mail waits. Unit: ms.
    MAILBOX_LATENCY_MS = "mailboxLatencyMs";

    // Channels.

    /// Counter: buffers (batches, frames) sent. Unit: buffers.
    NUM_BUFFERS_OUT = "numBuffersOut";
    /// Meter: buffers sent. Unit: buffers/s.
    NUM_BUFFERS_OUT_PER_SECOND = "numBuffersOutPerSecond";
    /// Counter: buffers received within the process. Unit: buffers.
    NUM_BUFFERS_IN_LOCAL = "numBuffersInLocal";
    /// Counter: buffers received from other processes. Unit: buffers.
    NUM_BUFFERS_IN_REMOTE = "numBuffersInRemote";
    /// Counter: bytes received within the process. Unit: bytes.
    NUM_BYTES_IN_LOCAL = "numBytesInLocal";
    /// Counter: bytes received from other processes. Unit: bytes.
    NUM_BYTES_IN_REMOTE = "numBytesInRemote";
    /// Gauge: share of the input buffers in use. Unit: 0 to 1.
    IN_POOL_USAGE = "inPoolUsage";
    /// Gauge: share of the output buffers in use. Unit: 0 to 1.
    OUT_POOL_USAGE = "outPoolUsage";
    /// Gauge: buffers waiting to be read. Unit: buffers.
    INPUT_QUEUE_LENGTH = "inputQueueLength";
    /// Gauge: buffers waiting to be sent. Unit: buffers.
    OUTPUT_QUEUE_LENGTH = "outputQueueLength";
    /// Gauge: what waits to be read. Unit: bytes.
    INPUT_QUEUE_SIZE = "inputQueueSize";
    /// Gauge: what waits to be sent. Unit: bytes.
    OUTPUT_QUEUE_SIZE = "outputQueueSize";
    /// Gauge: how long the buffers that wait would take to be read. Unit: ms.
    ESTIMATED_TIME_TO_CONSUME_BUFFERS_MS = "estimatedTimeToConsumeBuffersMs";

    // Sources.

    /// Counter: records that could not be read, decoded or processed. Unit: records.
    NUM_RECORDS_IN_ERRORS = "numRecordsInErrors";
    /// Gauge: how long the source has had nothing to give. Unit: ms.
    SOURCE_IDLE_TIME = "sourceIdleTime";
    /// Gauge: records known of and not yet read. Unit: records.
    PENDING_RECORDS = "pendingRecords";
    /// Gauge: bytes known of and not yet read. Unit: bytes.
    PENDING_BYTES = "pendingBytes";
    /// Gauge: time between a record's event time and when it was fetched. Unit: ms.
    CURRENT_FETCH_EVENT_TIME_LAG = "currentFetchEventTimeLag";
    /// Gauge: time between a record's event time and when the source emitted it. Unit: ms.
    CURRENT_EMIT_EVENT_TIME_LAG = "currentEmitEventTimeLag";
    /// Gauge: time between the watermark and now. Unit: ms.
    WATERMARK_LAG = "watermarkLag";
    /// Gauge: splits that the enumerator has not given out. Unit: splits.
    UNASSIGNED_SPLITS = "unassignedSplits";
    /// Gauge: splits that the reader has. Unit: splits.
    NUM_SPLITS = "numSplits";

    // Sinks.

    /// Counter: records given to the outside world. Unit: records.
    NUM_RECORDS_SEND = "numRecordsSend";
    /// Counter: bytes given to the outside world. Unit: bytes.
    NUM_BYTES_SEND = "numBytesSend";
    /// Counter: records that the outside world refused. Unit: records.
    NUM_RECORDS_SEND_ERRORS = "numRecordsSendErrors";
    /// Counter: records that could not be written. Unit: records.
    NUM_RECORDS_OUT_ERRORS = "numRecordsOutErrors";
    /// Gauge: how long the last batch took to be sent. Unit: ms.
    CURRENT_SEND_TIME = "currentSendTime";

    // Checkpoints, of tasks.

    /// Gauge: how long the last alignment took, or takes. Unit: ns.
    CHECKPOINT_ALIGNMENT_TIME = "checkpointAlignmentTime";
    /// Gauge: from a checkpoint's trigger to its first barrier here. Unit: ns.
    CHECKPOINT_START_DELAY_NANOS = "checkpointStartDelayNanos";

    // Jobs.

    /// Gauge: how often the job was restarted. Unit: restarts.
    NUM_RESTARTS = "numRestarts";
    /// Gauge: how often all of its tasks were, and not a region alone. Unit: restarts.
    FULL_RESTARTS = "fullRestarts";
    /// Gauge: how often the job failed, also where it was not restarted. Unit: failures.
    NUM_JOB_FAILURES = "numJobFailures";
    /// Gauge: how long the job has been running without a restart. Unit: ms.
    UPTIME = "uptime";
    /// Gauge: how long the job has been restarting. Unit: ms.
    DOWNTIME = "downtime";
    /// Gauge: checkpoints tried. Unit: checkpoints.
    TOTAL_NUMBER_OF_CHECKPOINTS = "totalNumberOfCheckpoints";
    /// Gauge: checkpoints completed. Unit: checkpoints.
    NUMBER_OF_COMPLETED_CHECKPOINTS = "numberOfCompletedCheckpoints";
    /// Gauge: checkpoints failed. Unit: checkpoints.
    NUMBER_OF_FAILED_CHECKPOINTS = "numberOfFailedCheckpoints";
    /// Gauge: checkpoints under way. Unit: checkpoints.
    NUMBER_OF_IN_PROGRESS_CHECKPOINTS = "numberOfInProgressCheckpoints";
    /// Gauge: how long the last completed checkpoint took. Unit: ms.
    LAST_CHECKPOINT_DURATION = "lastCheckpointDuration";
    /// Gauge: how much the last checkpoint wrote. Unit: bytes.
    LAST_CHECKPOINT_SIZE = "lastCheckpointSize";
    /// Gauge: how much of the last checkpoint are records that were in flight. Unit: bytes.
    LAST_CHECKPOINT_PERSISTED_DATA = "lastCheckpointPersistedData";
    /// Gauge: how large the last checkpoint is with what it shares. Unit: bytes.
    LAST_CHECKPOINT_FULL_SIZE = "lastCheckpointFullSize";
    /// Gauge: when the job, or a part of it, last started from a checkpoint. Unit: ms since 1970.
    LAST_CHECKPOINT_RESTORE_TIMESTAMP = "lastCheckpointRestoreTimestamp";

    // The JobManager.

    /// Gauge: jobs that run. Unit: jobs.
    NUM_RUNNING_JOBS = "numRunningJobs";
    /// Gauge: TaskManagers that are registered. Unit: TaskManagers.
    NUM_REGISTERED_TASK_MANAGERS = "numRegisteredTaskManagers";
    /// Gauge: TaskManagers that were asked for and have not come. Unit: TaskManagers.
    NUM_PENDING_TASK_MANAGERS = "numPendingTaskManagers";
    /// Gauge: free slots. Unit: slots.
    TASK_SLOTS_AVAILABLE = "taskSlotsAvailable";
    /// Gauge: all slots. Unit: slots.
    TASK_SLOTS_TOTAL = "taskSlotsTotal";
}

/// Gauge: the last watermark received from input `n`, counted from 1 (`currentInput1Watermark`). Unit: epoch ms.
///
/// ```
/// assert_eq!(hurtig_metrics::names::current_input_n_watermark(2), "currentInput2Watermark");
/// ```
pub fn current_input_n_watermark(n: usize) -> String {
    format!("currentInput{n}Watermark")
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn every_constant_is_spelled_as_its_name() {
        for (constant, name) in ALL {
            let mut words = String::new();
            for letter in name.chars() {
                if letter.is_uppercase() {
                    words.push('_');
                }
                words.push(letter.to_ascii_uppercase());
            }
            assert_eq!(*constant, words);
        }
    }
}
