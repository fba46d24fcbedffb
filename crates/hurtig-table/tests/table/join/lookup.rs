//! Joins with a table outside.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use hurtig_connect::BoxFuture;
use hurtig_env::{Clock, World};
use hurtig_table::operators::join::{
    JoinKind, LookupCache, LookupJoinSpec, LookupOptions, LookupSource, MissRetry,
};
use hurtig_testing_rows::{HarnessOptions, RowHarness};
use hurtig_types::{Error, Result};

use super::helpers::*;

/// Of key `k` the table has `k` rows, with the numbers 0 to `k` − 1; of keys below 0 as many, but from the third time on alone.
struct Numbers {
    asked: Arc<Mutex<Vec<Vec<i64>>>>,
    clock: Clock,
    /// How often it fails, or does not answer.
    fails: Arc<Mutex<u32>>,
    hangs: bool,
}

fn rows_of_key(key: i64) -> RecordBatch {
    let all: Vec<_> = (0..key)
        .map(|number| ("+I", (Some(key), number, "t")))
        .collect();
    rows(&all).columns
}

impl LookupSource for Numbers {
    fn lookup(&mut self, keys: RecordBatch) -> BoxFuture<'static, Result<Vec<RecordBatch>>> {
        let keys = keys.column(0).as_primitive::<Int64Type>();
        assert_eq!(keys.null_count(), 0);
        let keys = keys.values().to_vec();
        let mut asked = self.asked.lock().unwrap();
        asked.push(keys.clone());
        let times = |key: i64| asked.iter().flatten().filter(|it| **it == key).count();
        let rows_of = |key: i64| match key {
            ..0 if times(key) < 3 => rows_of_key(0),
            key => rows_of_key(key.abs()),
        };
        let found: Vec<_> = keys.iter().map(|key| rows_of(*key)).collect();
        let sleep = self.clock.sleep(Duration::from_millis(5));
        let never = self.clock.sleep(Duration::from_secs(3600));
        let mut fails = self.fails.lock().unwrap();
        let failed = *fails > 0;
        *fails = fails.saturating_sub(1);
        let hangs = failed && self.hangs;
        Box::pin(async move {
            sleep.await;
            if hangs {
                never.await;
            }
            if failed {
                return Err(Error::io("the table is away"));
            }
            Ok(found)
        })
    }
}

struct Lookup {
    join: RowHarness,
    asked: Arc<Mutex<Vec<Vec<i64>>>>,
}

impl Lookup {
    fn new(kind: JoinKind, cache: Option<LookupCache>, fails: u32, hangs: bool) -> Self {
        Self::with_misses(kind, cache, (fails, hangs), None)
    }

    fn with_misses(
        kind: JoinKind,
        cache: Option<LookupCache>,
        (fails, hangs): (u32, bool),
        misses: Option<MissRetry>,
    ) -> Self {
        let asked: Arc<Mutex<Vec<Vec<i64>>>> = Arc::default();
        let fails = Arc::new(Mutex::new(fails));
        let output = kind.schema(&schema(), &schema());
        let options = HarnessOptions {
            parallelism: 1,
            keys: vec![None],
            output: output.clone(),
            sides: Vec::new(),
            backend: None,
        };
        let log = Arc::clone(&asked);
        let join = RowHarness::new(options, move |context| {
            let world: &World = &context.world;
            let spec = LookupJoinSpec {
                kind,
                key: key(),
                left: schema(),
                right: schema(),
                condition: Some(Box::new(AtMost)),
                cache,
                options: LookupOptions {
                    capacity: 2,
                    timeout: Duration::from_millis(50),
                    retries: 2,
                    retry_delay: Duration::from_millis(7),
                    misses,
                },
                source: Box::new(Numbers {
                    asked: Arc::clone(&log),
                    clock: world.clock().clone(),
                    fails: Arc::clone(&fails),
                    hangs,
                }),
                output: output.clone(),
            };
            spec.operator(context)
        });
        Self {
            join: join.unwrap(),
            asked,
        }
    }

    fn push(&mut self, keys: &[i64]) -> Result<Vec<String>> {
        let all: Vec<_> = keys
            .iter()
            .map(|key| ("+I", (Some(*key), 1, "l")))
            .collect();
        self.join.push(0, rows(&all))?;
        Ok(said(&mut self.join))
    }

    fn asked(&self) -> Vec<Vec<i64>> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

#[test]
fn rows_come_out_in_their_order_and_each_key_is_asked_for_once() {
    let mut lookup = Lookup::new(JoinKind::Left, None, 0, false);
    let log = [
        ("+I", (Some(3), 1, "a")),
        ("-D", (None, 1, "b")),
        ("+U", (Some(2), 1, "c")),
        ("+I", (Some(3), 2, "d")),
        ("+I", (Some(0), 1, "e")),
    ];
    lookup.join.push(0, rows(&log)).unwrap();
    let expected = [
        "+I[3, 1, a, 3, 1, t]",
        "+I[3, 1, a, 3, 2, t]",
        "-D[NULL, 1, b, NULL, NULL, NULL]",
        "+U[2, 1, c, 2, 1, t]",
        "+I[3, 2, d, 3, 2, t]",
        "+I[0, 1, e, NULL, NULL, NULL]",
    ];
    assert_eq!(said(&mut lookup.join), expected);
    assert_eq!(lookup.asked(), [vec![3, 2], vec![0]]);
    // Without a cache it is asked again.
    assert_eq!(lookup.push(&[2]).unwrap(), ["+I[2, 1, l, 2, 1, t]"]);
    assert_eq!(lookup.asked(), [[2]]);
}

#[test]
fn what_was_looked_up_is_remembered_for_its_time() {
    let cache = LookupCache {
        rows_max: 6,
        ttl: Some(Duration::from_secs(1)),
    };
    let mut lookup = Lookup::new(JoinKind::Inner, Some(cache), 0, false);
    assert_eq!(lookup.push(&[2, 3, 0]).unwrap().len(), 3);
    assert_eq!(lookup.push(&[2, 3, 0]).unwrap().len(), 3);
    assert_eq!(lookup.asked(), [vec![2, 3], vec![0]]);
    lookup.join.set_time(999).unwrap();
    lookup.push(&[3]).unwrap();
    // There is room for six: what was used longest ago is forgotten.
    lookup.push(&[1]).unwrap();
    lookup.push(&[2]).unwrap();
    assert_eq!(lookup.asked(), [[1], [2]]);
    lookup.join.set_time(1000).unwrap();
    lookup.push(&[3]).unwrap();
    assert_eq!(lookup.asked(), [[3]]);
}

#[test]
fn a_question_that_fails_or_is_not_answered_is_asked_again_so_often() {
    for hangs in [false, true] {
        let mut lookup = Lookup::new(JoinKind::Inner, None, 2, hangs);
        assert_eq!(lookup.push(&[2]).unwrap(), ["+I[2, 1, l, 2, 1, t]"]);
        assert_eq!(lookup.asked(), [[2], [2], [2]]);
        let mut lookup = Lookup::new(JoinKind::Inner, None, 3, hangs);
        let error = lookup.push(&[2]).unwrap_err().to_string();
        let why = if hangs {
            "no answer"
        } else {
            "the table is away"
        };
        assert!(error.contains(why) && error.contains("3 times"), "{error}");
    }
}

#[test]
fn keys_without_rows_are_asked_for_again_so_often() {
    let cache = LookupCache {
        rows_max: 100,
        ttl: None,
    };
    let lookup = |attempts| {
        let delay = Duration::from_millis(7);
        let misses = Some(MissRetry { delay, attempts });
        Lookup::with_misses(JoinKind::Left, Some(cache), (0, false), misses)
    };
    let mut patient = lookup(2);
    let found = patient.push(&[-2, 3]).unwrap();
    assert_eq!(
        found,
        [
            "+I[-2, 1, l, 2, 1, t]",
            "+I[3, 1, l, 3, 1, t]",
            "+I[3, 1, l, 3, 2, t]"
        ]
    );
    assert_eq!(patient.asked(), [vec![-2, 3], vec![-2], vec![-2]]);
    // What was a miss in between is not remembered.
    assert_eq!(patient.push(&[-2]).unwrap(), ["+I[-2, 1, l, 2, 1, t]"]);
    assert!(patient.asked().is_empty());
    let mut hasty = lookup(1);
    assert_eq!(
        hasty.push(&[-2]).unwrap(),
        ["+I[-2, 1, l, NULL, NULL, NULL]"]
    );
    assert_eq!(hasty.asked(), [[-2], [-2]]);
}

#[test]
fn many_matches_are_said_in_slices() {
    let mut lookup = Lookup::new(JoinKind::Inner, None, 0, false);
    assert_eq!(lookup.push(&[3000; 4]).unwrap().len(), 4 * 2998);
}
