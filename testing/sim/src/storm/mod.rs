//! The storm: which faults strike, and where. All of it is drawn from the seed before the job starts.

mod death;
mod machine;
mod messages;
mod plan;
mod site;
mod store;

use std::collections::BTreeMap;
use std::sync::Arc;

use hurtig_env::{Rng, World};
use hurtig_types::{Error, Result};
use parking_lot::Mutex;

use death::Death;
use machine::PageCache;
pub(crate) use messages::MessageFaults;
pub(crate) use plan::{Blow, Crash, Ending, StoreFaults, StormPlan};
pub(crate) use site::Site;
pub(crate) use store::FaultyStore;

use crate::marks::Marks;
use crate::trace::Trace;

/// The storm over one run; shared by everything that can be struck.
#[derive(Clone)]
pub(crate) struct Storm(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    marks: Marks,
    trace: Trace,
}

struct State {
    crashes: Vec<Crash>,
    /// How often each site was passed, over all attempts.
    passed: BTreeMap<Site, u64>,
    /// Records that fail so many times more.
    poison: BTreeMap<u64, u32>,
    store: StoreFaults,
    messages: MessageFaults,
    rng: Rng,
    death: Death,
    page_cache: PageCache,
    /// How often each pipeline of a job of several was started in this process.
    opens: BTreeMap<usize, u64>,
}

impl Storm {
    pub(crate) fn new(plan: &StormPlan, world: &World, marks: &Marks, trace: &Trace) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::new(State {
                crashes: plan.crashes.clone(),
                passed: BTreeMap::new(),
                poison: plan.poison.clone(),
                store: plan.store.clone(),
                messages: plan.messages.clone(),
                rng: world.rng("storm at work"),
                death: Death::default(),
                page_cache: PageCache::default(),
                opens: BTreeMap::new(),
            }),
            marks: marks.clone(),
            trace: trace.clone(),
        }))
    }

    pub(crate) fn marks(&self) -> &Marks {
        &self.0.marks
    }

    /// A pipeline was started.
    pub(crate) fn opened(&self, pipeline: usize) {
        *self.0.state.lock().opens.entry(pipeline).or_default() += 1;
    }

    /// How often each pipeline was started since this was asked.
    pub(crate) fn take_opens(&self) -> BTreeMap<usize, u64> {
        std::mem::take(&mut self.0.state.lock().opens)
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.0.trace
    }

    /// The task that calls this has come to `site`, and may end here: by an error, by a panic, or with its process.
    ///
    /// # Errors
    /// When a crash was drawn for this very passage.
    pub(crate) fn pass(&self, site: Site) -> Result<()> {
        if self.is_dead() {
            return Err(Error::function("the process was killed"));
        }
        let Some(crash) = self.strike(site) else {
            return Ok(());
        };
        let kills = crash.blow == Blow::Kill && self.die();
        let how = match crash.blow {
            Blow::Kill if kills => "kill",
            Blow::Panic => "panic",
            Blow::Kill | Blow::Error => "error",
        };
        self.0.marks.hit(format!("crash.{}", site.name()));
        self.0.marks.hit(format!("crash.by-{how}"));
        let text = format!("{how} at {} number {}", site.name(), crash.passage);
        self.0.trace.line(&text);
        if crash.blow == Blow::Panic {
            // As `panic!`, without a message on the terminal.
            std::panic::resume_unwind(Box::new(format!("drawn {text}")));
        }
        Err(Error::function(format!("drawn {text}")))
    }

    fn strike(&self, site: Site) -> Option<Crash> {
        let mut state = self.0.state.lock();
        let passed = state.passed.entry(site).or_default();
        *passed += 1;
        let passage = *passed;
        let is_it = |crash: &Crash| crash.site == site && crash.passage == passage;
        let place = state.crashes.iter().position(is_it)?;
        Some(state.crashes.swap_remove(place))
    }

    /// A record is about to be worked on, and may be poison: it fails some times before it passes.
    ///
    /// # Errors
    /// When it fails this time.
    pub(crate) fn taste(&self, id: u64) -> Result<()> {
        let mut state = self.0.state.lock();
        let Some(left) = state.poison.get_mut(&id).filter(|left| **left > 0) else {
            return Ok(());
        };
        *left -= 1;
        drop(state);
        self.0.marks.hit("poison");
        self.0.trace.line(format_args!("record {id} is poison"));
        Err(Error::function(format!("drawn: record {id} is poison")))
    }

    /// How often each site was passed.
    pub(crate) fn passages(&self) -> BTreeMap<Site, u64> {
        self.0.state.lock().passed.clone()
    }
}
