//! An evictor of any type: it is called once per firing, so that it may be.

use super::{Evictor, EvictorContext, TimestampedValue};
use crate::window::window::Window;

/// An evictor without its type.
pub(in crate::window) struct BoxedEvictor<T, W>(Box<dyn AnyEvictor<T, W>>);

impl<T: 'static, W: Window> BoxedEvictor<T, W> {
    pub(in crate::window) fn new(evictor: impl Evictor<T, W>) -> Self {
        Self(Box::new(evictor))
    }
}

impl<T, W> Clone for BoxedEvictor<T, W> {
    fn clone(&self) -> Self {
        Self(self.0.duplicate())
    }
}

trait AnyEvictor<T, W>: Send {
    fn before(&mut self, elements: &mut Vec<TimestampedValue<T>>, window: &W, ctx: &EvictorContext);
    fn after(&mut self, elements: &mut Vec<TimestampedValue<T>>, window: &W, ctx: &EvictorContext);
    fn check(&self) -> hurtig_types::Result<()>;
    fn show(&self) -> String;
    fn duplicate(&self) -> Box<dyn AnyEvictor<T, W>>;
}

impl<T: 'static, W: Window, E: Evictor<T, W>> AnyEvictor<T, W> for E {
    fn before(
        &mut self,
        elements: &mut Vec<TimestampedValue<T>>,
        window: &W,
        ctx: &EvictorContext,
    ) {
        self.evict_before(elements, window, ctx);
    }

    fn after(&mut self, elements: &mut Vec<TimestampedValue<T>>, window: &W, ctx: &EvictorContext) {
        self.evict_after(elements, window, ctx);
    }

    fn check(&self) -> hurtig_types::Result<()> {
        self.validate()
    }

    fn show(&self) -> String {
        self.describe()
    }

    fn duplicate(&self) -> Box<dyn AnyEvictor<T, W>> {
        Box::new(self.clone())
    }
}

impl<T: 'static, W: Window> Evictor<T, W> for BoxedEvictor<T, W> {
    fn evict_before(
        &mut self,
        elements: &mut Vec<TimestampedValue<T>>,
        window: &W,
        ctx: &EvictorContext,
    ) {
        self.0.before(elements, window, ctx);
    }

    fn evict_after(
        &mut self,
        elements: &mut Vec<TimestampedValue<T>>,
        window: &W,
        ctx: &EvictorContext,
    ) {
        self.0.after(elements, window, ctx);
    }

    fn validate(&self) -> hurtig_types::Result<()> {
        self.0.check()
    }

    fn describe(&self) -> String {
        self.0.show()
    }
}
