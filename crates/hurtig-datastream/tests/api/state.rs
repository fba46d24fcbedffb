//! Row 60: the five kinds of keyed state, against a model.

use std::collections::BTreeMap;

use hurtig_datastream::{
    AggregateFunction, AggregatingState, Collector, KeyedProcessContext, KeyedProcessFunction,
    ListState, MapState, ReducingState, ValueState,
};
use hurtig_types::Result;

use crate::support::{environment, in_all_worlds, in_simulated_worlds};

/// An operation on the state of a key: which state, what to do, with what.
type Operation = (u64, u8, u64);

/// Everything that is kept for a key, as text.
type Shown = String;

/// What the states are compared with.
#[derive(Clone, Default)]
struct Model {
    value: Option<u64>,
    list: Vec<String>,
    map: BTreeMap<u64, u64>,
    highest: Option<u64>,
    numbers: Vec<u64>,
}

impl Model {
    fn apply(&mut self, operation: u8, n: u64) {
        match operation {
            0 => self.value = Some(n),
            1 => *self.value.get_or_insert(0) += n,
            2 => self.value = None,
            3 => self.list.push(n.to_string()),
            4 => self.list = vec!["a".to_string(), n.to_string()],
            5 => self.list.clear(),
            6 | 7 => *self.map.entry(n % 10).or_default() += n,
            8 => drop(self.map.remove(&(n % 10))),
            9 => self.map.clear(),
            10 | 11 => self.highest = self.highest.max(Some(n)),
            12 => self.highest = None,
            13 | 14 => self.numbers.push(n),
            _ => self.numbers.clear(),
        }
    }

    fn show(&self) -> Shown {
        let mean = (!self.numbers.is_empty())
            .then(|| self.numbers.iter().sum::<u64>() / self.numbers.len() as u64);
        format!(
            "{:?} {:?} {:?} {:?} {mean:?}",
            self.value, self.list, self.map, self.highest
        )
    }
}

#[derive(Clone)]
struct Mean;

impl AggregateFunction<u64> for Mean {
    type Acc = (u64, u64);
    type Out = u64;

    fn create_accumulator(&self) -> (u64, u64) {
        (0, 0)
    }

    fn add(&self, acc: &mut (u64, u64), n: u64) {
        acc.0 += n;
        acc.1 += 1;
    }

    fn merge(&self, into: &mut (u64, u64), from: (u64, u64)) {
        into.0 += from.0;
        into.1 += from.1;
    }

    fn result(&self, acc: &(u64, u64)) -> u64 {
        acc.0 / acc.1
    }
}

#[derive(Clone)]
struct States {
    value: ValueState<u64>,
    list: ListState<String>,
    map: MapState<u64, u64>,
    highest: ReducingState<u64>,
    mean: AggregatingState<Mean, u64>,
}

impl States {
    fn new() -> Self {
        Self {
            value: ValueState::new("value"),
            list: ListState::new("list"),
            map: MapState::new("map"),
            highest: ReducingState::new("highest", u64::max),
            mean: AggregatingState::new("mean", Mean),
        }
    }
}

impl KeyedProcessFunction<u64, Operation> for States {
    type Out = (u64, Shown);

    fn process(
        &mut self,
        (_, operation, n): Operation,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, (u64, Shown)>,
    ) -> Result<()> {
        match operation {
            0 => self.value.set(ctx, n)?,
            1 => *self.value.get_or_default(ctx)? += n,
            2 => self.value.clear(ctx)?,
            3 => self.list.push(ctx, n.to_string())?,
            4 => self.list.set(ctx, vec!["a".to_string(), n.to_string()])?,
            5 => self.list.clear(ctx)?,
            6 => *self.map.get_or_insert_with(ctx, n % 10, || 0)? += n,
            7 => {
                let before = self.map.get(ctx, &(n % 10))?.copied().unwrap_or(0);
                self.map.insert(ctx, n % 10, before + n)?;
            }
            8 => drop(self.map.remove(ctx, &(n % 10))?),
            9 => self.map.clear(ctx)?,
            10 | 11 => self.highest.add(ctx, n)?,
            12 => self.highest.clear(ctx)?,
            13 | 14 => self.mean.add(ctx, n)?,
            _ => self.mean.clear(ctx)?,
        }
        let value = self.value.get(ctx)?.copied();
        let list = self.list.get(ctx)?.to_vec();
        let map: BTreeMap<u64, u64> = self
            .map
            .iter(ctx)?
            .map(|(key, value)| (*key, *value))
            .collect();
        let highest = self.highest.get(ctx)?.copied();
        let mean = self.mean.get(ctx)?;
        out.collect((
            *ctx.current_key(),
            format!("{value:?} {list:?} {map:?} {highest:?} {mean:?}"),
        ));
        Ok(())
    }
}

#[test]
fn each_kind_of_state_does_what_its_model_does_per_key() {
    in_all_worlds(|world| {
        for parallelism in 1..=4 {
            let mut rng = hurtig_env::Rng::from_seed(world.seed().unwrap_or(77));
            let operations: Vec<Operation> = (0..4000)
                .map(|_| (rng.below(60), rng.below(16) as u8, rng.below(1000)))
                .collect();
            let mut models: BTreeMap<u64, Model> = BTreeMap::new();
            let mut expected: BTreeMap<u64, Vec<Shown>> = BTreeMap::new();
            for &(key, operation, n) in &operations {
                let model = models.entry(key).or_default();
                model.apply(operation, n);
                expected.entry(key).or_default().push(model.show());
            }
            let env = environment(&world, parallelism);
            let shown = env
                .from_collection(operations)
                .key_by(|operation| operation.0)
                .process(States::new());
            let mut seen: BTreeMap<u64, Vec<Shown>> = BTreeMap::new();
            for (key, shown) in shown.execute_and_collect("states").unwrap() {
                seen.entry(key).or_default().push(shown);
            }
            assert_eq!(seen, expected, "at parallelism {parallelism}");
        }
    });
}

#[test]
fn two_states_of_one_name_and_different_types_are_an_error_that_names_it() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let (number, text) = (
            ValueState::<u64>::new("same"),
            ValueState::<String>::new("same"),
        );
        let failing = env
            .from_collection([1u64])
            .key_by(|n| *n)
            .process_fn(move |n, ctx, out| {
                number.set(ctx, n)?;
                text.set(ctx, n.to_string())?;
                out.collect(n);
                Ok(())
            });
        let message = failing
            .execute_and_collect("same name")
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("operator `KeyedProcess` (subtask 1/1)"),
            "{message}"
        );
        assert!(
            message.contains("same") && message.contains("u64") && message.contains("String"),
            "{message}"
        );
    });
}

#[test]
fn states_of_two_operators_may_have_one_name() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        let keyed = env.from_sequence(0, 99).key_by(|n| n % 5);
        let count = || {
            let count = ValueState::<u64>::new("count");
            keyed.process_fn(move |_, ctx, out| {
                *count.get_or_default(ctx)? += 1;
                out.collect(*count.get_or_default(ctx)?);
                Ok(())
            })
        };
        let both = count()
            .union(&[&count()])
            .execute_and_collect("counts")
            .unwrap();
        assert_eq!((both.len(), both.iter().max()), (200, Some(&20)));
    });
}
