//! What the wrappers around users' functions hand on unchanged.

/// `open`, `snapshot` and `close` of the function in the first field.
macro_rules! forward_lifecycle {
    () => {
        fn open(&mut self, context: &OperatorContext, state: &mut OperatorState) -> Result<()> {
            self.0.initialize_state(state)?;
            self.0.open(context)
        }

        fn snapshot(&mut self, state: &mut OperatorState) -> Result<()> {
            self.0.snapshot_state(state)
        }

        fn close(&mut self) -> Result<()> {
            self.0.close()
        }
    };
}

/// `on_timer` of the function in the first field, for keys of this type.
macro_rules! forward_timers {
    ($key:ty) => {
        fn on_timer(
            &mut self,
            time: Timestamp,
            ctx: &mut KeyedProcessContext<'_, $key>,
            out: &mut Collector<'_, Self::Out>,
        ) -> Result<()> {
            self.0.on_timer(time, ctx, out)
        }
    };
}

pub(super) use {forward_lifecycle, forward_timers};
