//! Sessions against a model that keeps plain lists.

use proptest::prelude::*;

use super::*;
use crate::window::function::{ProcessOne, ResultClosure};
use crate::window::{
    CountTrigger, EventTimeSessionWindows, EventTimeTrigger, PurgingTrigger, TriggerResult,
    WindowContext,
};

/// Key, gap, number.
type Click = (u32, u64, i64);
/// Key, start, end, sum.
type Visit = (u32, i64, i64, i64);

fn visits() -> (
    impl Gather<Click, Acc = Click>,
    impl Finish<u32, TimeWindow, Click, Out = Visit>,
) {
    let show = |key: &u32,
                ctx: &mut WindowContext<'_, u32, TimeWindow>,
                sum: Click,
                out: &mut crate::Collector<'_, Visit>| {
        let TimeWindow { start, end } = ctx.window();
        out.collect((*key, start.as_millis(), end.as_millis(), sum.2));
        Ok(())
    };
    let reduce = Reduce::new(|one: Click, other: Click| (one.0, 0, one.2 + other.2));
    (
        reduce,
        ProcessOne::new(EmitReduced, ResultClosure::new(show)),
    )
}

fn gap(click: &Click) -> Duration {
    ms(click.1)
}

#[derive(Clone, Debug)]
enum Step {
    /// Key, gap, time; the number is the time.
    Click(u32, u64, i64),
    Watermark(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0u32..2, 1u64..30, 0i64..300).prop_map(|(key, gap, time)| Step::Click(key, gap, time)),
        1 => (0i64..300).prop_map(Step::Watermark),
    ];
    proptest::collection::vec(step, 1..80)
}

struct Session {
    start: i64,
    end: i64,
    sum: i64,
    has_contents: bool,
    seen: u64,
}

/// Lists of sessions per key, and what they would say.
struct Model {
    watermark: i64,
    lateness: i64,
    /// Fires, and purges, at every so many records; at the end of the session otherwise.
    every: Option<u64>,
    sessions: Vec<(u32, Session)>,
    said: Vec<(Visit, i64)>,
    late: usize,
}

impl Model {
    fn click(&mut self, key: u32, gap: i64, time: i64) {
        let mut merged = Session {
            start: time,
            end: time + gap,
            sum: 0,
            has_contents: false,
            seen: 0,
        };
        let mut is_new = true;
        // Again until nothing touches it any more.
        while let Some(index) = self.sessions.iter().position(|(owner, session)| {
            *owner == key && session.start <= merged.end && merged.start <= session.end
        }) {
            let (_, session) = self.sessions.remove(index);
            merged.start = merged.start.min(session.start);
            merged.end = merged.end.max(session.end);
            merged.sum += session.sum;
            merged.seen += session.seen;
            merged.has_contents |= session.has_contents;
            is_new = false;
        }
        if is_new && merged.end - 1 + self.lateness <= self.watermark {
            self.late += 1;
            return;
        }
        merged.sum += time;
        merged.seen += 1;
        merged.has_contents = true;
        let fires = match self.every {
            None => merged.end - 1 <= self.watermark,
            Some(every) => merged.seen >= every,
        };
        if fires {
            self.said
                .push(((key, merged.start, merged.end, merged.sum), merged.end - 1));
        }
        if fires && self.every.is_some() {
            (merged.seen, merged.sum, merged.has_contents) = (0, 0, false);
        }
        self.sessions.push((key, merged));
    }

    fn watermark(&mut self, to: i64) {
        let before = self.watermark;
        self.watermark = before.max(to);
        let due = |session: &Session| session.end - 1 > before && session.end - 1 <= to;
        if self.every.is_none() {
            let fired = self.sessions.iter().filter(|(_, session)| due(session));
            let results = fired.map(|(key, session)| {
                (
                    (*key, session.start, session.end, session.sum),
                    session.end - 1,
                )
            });
            self.said.extend(results);
        }
        let (lateness, watermark) = (self.lateness, self.watermark);
        self.sessions
            .retain(|(_, session)| session.end - 1 + lateness > watermark);
    }
}

fn check<Tr: Trigger<Click, TimeWindow> + Sync>(
    trigger: Tr,
    every: Option<u64>,
    lateness: u64,
    steps: Vec<Step>,
) {
    let allowed = Lateness {
        allowed: ms(lateness),
        side_output: Some(late()),
    };
    let sessions = EventTimeSessionWindows::with_dynamic_gap(gap);
    let mut driven = general(
        |click: &Click| click.0,
        (sessions, trigger),
        visits,
        allowed,
    );
    let mut model = Model {
        watermark: i64::MIN,
        lateness: lateness as i64,
        every,
        sessions: Vec::new(),
        said: Vec::new(),
        late: 0,
    };
    for step in steps.into_iter().chain([Step::Watermark(10_000)]) {
        match step {
            Step::Click(key, gap, time) => {
                driven.push([((key, gap, time), time)]);
                model.click(key, gap as i64, time);
            }
            Step::Watermark(time) => {
                driven.watermark(time);
                model.watermark(time);
            }
        }
        model.said.sort();
        assert_eq!(driven.sorted(), model.said, "{step:?}");
        model.said.clear();
        let is_late = driven.harness.take_side(&late::<Click>()).len();
        assert_eq!(is_late, std::mem::take(&mut model.late), "{step:?}");
        assert_eq!(
            driven.size().accumulators,
            model
                .sessions
                .iter()
                .filter(|(_, session)| session.has_contents)
                .count()
        );
    }
    assert!(driven.size().is_zero(), "{:?}", driven.size());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn sessions_merge_as_lists_would(steps in steps(), lateness in prop_oneof![Just(0), 0u64..60]) {
        check(EventTimeTrigger::new(), None, lateness, steps);
    }

    #[test]
    fn the_state_of_triggers_merges_with_them(steps in steps(), every in 1u64..6, lateness in 0u64..20) {
        check(PurgingTrigger::of(CountTrigger::of(every)), Some(every), lateness, steps);
    }
}

#[test]
fn a_bridge_joins_two_sessions_whose_timer_moves_with_them() {
    let sessions = EventTimeSessionWindows::with_gap(ms(10));
    let trigger = EventTimeTrigger::new();
    let mut driven = general(
        |click: &Click| click.0,
        (sessions, trigger),
        visits,
        no_lateness(),
    );
    driven.push([((1, 0, 5), 0), ((1, 0, 7), 18)]);
    assert_eq!((driven.size().accumulators, driven.size().timers), (2, 1));
    driven.push([((1, 0, 1), 9)]);
    assert_eq!((driven.size().accumulators, driven.size().timers), (1, 1));
    driven.watermark(26);
    assert!(driven.output().is_empty());
    driven.watermark(27);
    assert_eq!(driven.output(), [((1, 0, 28, 13), 27)]);
    assert!(driven.size().is_zero());
}

#[test]
fn a_trigger_sees_the_states_of_both_sides() {
    /// Remembers the greatest number that came; fires when asked by a record with number 0.
    #[derive(Clone)]
    struct Greatest;
    impl Trigger<Click, TimeWindow> for Greatest {
        type State = i64;
        fn on_element(
            &mut self,
            click: &Click,
            _: Timestamp,
            _: &TimeWindow,
            greatest: &mut i64,
            _: &mut crate::window::TriggerContext,
        ) -> TriggerResult {
            *greatest = click.2.max(*greatest);
            match *greatest >= 100 && click.2 == 0 {
                true => TriggerResult::Fire,
                false => TriggerResult::Continue,
            }
        }
        fn can_merge(&self) -> bool {
            true
        }
        fn on_merge(
            &mut self,
            _: &TimeWindow,
            greatest: &mut i64,
            other: i64,
            _: &mut crate::window::TriggerContext,
        ) {
            *greatest = other.max(*greatest);
        }
    }
    let sessions = EventTimeSessionWindows::with_gap(ms(10));
    let mut driven = general(
        |click: &Click| click.0,
        (sessions, Greatest),
        visits,
        no_lateness(),
    );
    driven.push([((1, 0, 3), 0), ((1, 0, 100), 20), ((1, 0, 0), 0)]);
    assert!(driven.output().is_empty());
    driven.push([((1, 0, 0), 10)]);
    assert_eq!(driven.output(), [((1, 0, 30, 103), 29)]);
}
