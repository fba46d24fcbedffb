//! What a user is told when something is wrong, and how a job is stopped.

use hurtig_datastream::{
    DataStream, GeneratorSource, JobStatus, StreamExecutionEnvironment, WatermarkStrategy,
};
use hurtig_env::World;
use hurtig_types::{Error, ErrorKind};

use crate::support::{Arrivals, Splits, environment, in_all_worlds, in_simulated_worlds, millis};

#[test]
fn an_error_of_a_function_names_operator_subtask_and_source_position() {
    in_all_worlds(|world| {
        let env = environment(&world, 1);
        let failing = env
            .from_collection(["1", "2", "x"].map(String::from))
            .try_map(|text| Ok(text.parse::<u64>()?));
        let error = failing
            .name("parse")
            .execute_and_collect("parse")
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Function);
        assert_eq!(
            error.to_string(),
            "operator `parse` (subtask 1/1), at collection record 2: invalid digit found in string"
        );
    });
}

/// Where a job says that it failed, whose source has one split of ten records in one batch.
fn place(world: &World, build: impl Fn(DataStream<u64>) -> DataStream<u64>) -> String {
    let env = environment(world, 1);
    let source = Splits::new([Splits::batches((0..10).map(|n| (n, 0)).collect(), 10)]);
    let stream = source.stream(&env, WatermarkStrategy::monotonous().per_event(), "ten");
    let error = build(stream).execute_and_collect("ten").unwrap_err();
    let message = error.to_string();
    let place = message.split(": ").next().unwrap();
    place.split("(subtask 1/1), ").last().unwrap().to_string()
}

/// Fails at 7, by an error or, as it should make no difference, a panic.
fn unlucky(n: u64, panics: bool) -> hurtig_types::Result<u64> {
    match n {
        7 if panics => panic!("seven"),
        7 => Err(Error::function("seven")),
        n => Ok(n),
    }
}

#[test]
fn the_record_that_failed_is_named_in_the_chain_of_its_source() {
    in_simulated_worlds(|world| {
        for panics in [false, true] {
            let seventh = "at split-0 record 7";
            let fails = move |n| unlucky(n, panics);
            assert_eq!(place(&world, |ten| ten.try_map(fails)), seventh);
            let filtered = |ten: DataStream<u64>| ten.try_filter(move |&n| fails(n).map(|_| true));
            assert_eq!(place(&world, filtered), seventh);
            let flat = |ten: DataStream<u64>| ten.try_flat_map(move |n| fails(n).map(|n| [n; 3]));
            assert_eq!(place(&world, flat), seventh);
            let process = |ten: DataStream<u64>| {
                ten.process_fn(move |n, _, out| {
                    out.collect(fails(n)?);
                    Ok(())
                })
            };
            assert_eq!(place(&world, process), seventh);
            // Behind operators that make one record of each, or drop none.
            let behind = |ten: DataStream<u64>| {
                let mapped = ten.map(|n| n + 1).filter(|_| true);
                mapped.try_map(move |n| fails(n - 1))
            };
            assert_eq!(place(&world, behind), seventh);
        }
    });
}

#[test]
fn behind_records_that_were_dropped_or_multiplied_the_range_is_named() {
    in_simulated_worlds(|world| {
        // A watermark parts the first record from the others.
        let range = "in records from split-0 record 1 to 9";
        let fails = |n| unlucky(n, false);
        let dropped = |ten: DataStream<u64>| ten.filter(|n| *n > 4).try_map(fails);
        assert_eq!(place(&world, dropped), range);
        let copies = |n: u64| vec![n; [1, 1, 0, 2].get(n as usize).copied().unwrap_or(1)];
        let as_many = |ten: DataStream<u64>| ten.flat_map(copies).try_map(fails);
        assert_eq!(place(&world, as_many), range);
    });
}

#[test]
fn a_batch_of_one_record_is_named_exactly() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let source = Splits::new([Splits::batches((0..10).map(|n| (n, 0)).collect(), 1)]);
        let stream = source.stream(&env, WatermarkStrategy::none(), "one by one");
        let failing = stream.try_map(|n: u64| {
            if n == 3 {
                Err(Error::function("three"))
            } else {
                Ok(n)
            }
        });
        let error = failing.execute_and_collect("one by one").unwrap_err();
        assert_eq!(
            error.to_string(),
            "operator `Map` (subtask 1/1), at split-0 record 3: three"
        );
    });
}

#[test]
fn the_position_is_known_behind_a_chain_a_channel_and_a_keyed_operator() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        let source = Splits::new([Splits::batches((0..10).map(|n| (n, 0)).collect(), 1)]);
        let stream = source
            .stream(&env, WatermarkStrategy::none(), "source")
            .map(|n: u64| (n, n))
            .rebalance();
        let keyed = stream
            .filter(|_| true)
            .key_by(|_| 0u8)
            .sum(|pair| &mut pair.1)
            .buffer_timeout(zero());
        let failing = keyed.try_filter(|pair| {
            if pair.1 > 20 {
                Err(Error::function("20"))
            } else {
                Ok(true)
            }
        });
        let message = failing.execute_and_collect("far").unwrap_err().to_string();
        assert!(
            message.starts_with("operator `Filter` (subtask "),
            "{message}"
        );
        assert!(message.contains("split-0 record "), "{message}");
    });
}

fn zero() -> hurtig_datastream::BufferTimeout {
    hurtig_datastream::BufferTimeout::After(millis(0))
}

#[test]
fn a_panic_is_an_error_with_the_same_particulars() {
    in_all_worlds(|world| {
        let env = environment(&world, 2);
        let failing = env
            .from_sequence(0, 9)
            .map(|n| if n == 7 { panic!("seven is {n}") } else { n })
            .name("mapper");
        let error = failing.execute_and_collect("panic").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Function);
        assert_eq!(
            error.to_string(),
            "operator `mapper` (subtask 2/2), at numbers-1 record 7: panicked: seven is 7"
        );
    });
}

#[test]
fn a_panic_in_a_key_selector_a_partitioner_a_timestamp_or_a_generator_is_an_error_too() {
    in_all_worlds(|world| {
        let fails = |build: &dyn Fn(&StreamExecutionEnvironment)| {
            let env = environment(&world, 2);
            build(&env);
            let error = env.execute("panic").map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Function, "{error}");
            assert!(
                error.to_string().starts_with("operator `Source: "),
                "{error}"
            );
            assert!(error.to_string().ends_with("panicked: unlucky"), "{error}");
        };
        let unlucky = |n: &u64| if *n == 5 { panic!("unlucky") } else { *n };
        fails(&|env| {
            drop(
                env.from_sequence(0, 9)
                    .key_by(unlucky)
                    .as_stream()
                    .discard(),
            )
        });
        fails(&|env| {
            drop(
                env.from_sequence(0, 9)
                    .partition_custom("by number", |n, _| *n as usize, unlucky)
                    .discard(),
            )
        });
        fails(&|env| drop(env.generate(10, move |n| unlucky(&n)).discard()));
        fails(&|env| {
            let strategy =
                WatermarkStrategy::monotonous().with_timestamps(move |n| unlucky(n) as i64);
            drop(
                env.from_source(GeneratorSource::new(10, |n| n), strategy, "timed")
                    .discard(),
            );
        });
    });
}

#[test]
fn the_first_error_is_the_jobs_and_the_others_are_stopped() {
    in_all_worlds(|world| {
        let env = environment(&world, 4);
        // An endless source beside a failing one: the job ends all the same.
        let endless = env.from_source(
            GeneratorSource::unbounded(|n| n),
            WatermarkStrategy::none(),
            "endless",
        );
        let failing = env.from_sequence(0, 99).try_map(|n| {
            if n == 50 {
                Err(Error::function("fifty"))
            } else {
                Ok(n)
            }
        });
        endless.union(&[&failing]).discard();
        let client = env.execute_async("failing").unwrap();
        let error = world
            .block_on(client.wait())
            .unwrap()
            .map(|_| ())
            .unwrap_err();
        assert!(error.to_string().ends_with("fifty"), "{error}");
        assert_eq!(client.status(), JobStatus::Failed);
        let again = world
            .block_on(client.wait())
            .unwrap()
            .map(|_| ())
            .unwrap_err();
        assert!(again.to_string().contains("handed out before"), "{again}");
    });
}

#[test]
fn a_parallelism_of_zero_is_an_error_that_says_whose() {
    in_simulated_worlds(|world| {
        let message = |build: &dyn Fn(&StreamExecutionEnvironment)| {
            let env = StreamExecutionEnvironment::in_world(world.clone());
            env.from_sequence(0, 9).name("numbers").discard();
            build(&env);
            let error = env.execute("zero").map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            error.to_string()
        };
        let operator = message(&|env| {
            drop(
                env.from_sequence(0, 9)
                    .map(|n| n)
                    .name("mapper")
                    .parallelism(0)
                    .discard(),
            )
        });
        assert!(
            operator.contains("mapper") && operator.contains("is 0"),
            "{operator}"
        );
        let environment = message(&|env| drop(env.set_parallelism(0).clone()));
        assert!(
            environment.starts_with("the environment's parallelism is 0"),
            "{environment}"
        );
        let client = message(&|env| drop(env.set_client_parallelism(0).clone()));
        assert!(
            client.starts_with("the client's parallelism (`-p`) is 0"),
            "{client}"
        );
        let system = message(&|env| drop(env.set("parallelism.default", "0").clone()));
        assert!(system.starts_with("`parallelism.default` is 0"), "{system}");
        let sink = message(&|env| {
            drop(
                env.from_sequence(0, 9)
                    .discard()
                    .parallelism(0)
                    .name("sink"),
            )
        });
        assert!(sink.contains("sink") && sink.contains("is 0"), "{sink}");
    });
}

#[test]
fn an_unknown_key_or_an_unreadable_value_of_the_configuration_is_an_error_that_helps() {
    in_simulated_worlds(|world| {
        let message = |key: &str, value: &str| {
            let env = environment(&world, 1);
            env.set(key, value).from_sequence(0, 9).discard();
            let error = env.execute("configured").map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            error.to_string()
        };
        let unknown = message("paralelism.default", "2");
        assert!(
            unknown.contains("`paralelism.default`")
                && unknown.contains("did you mean `parallelism.default`?"),
            "{unknown}"
        );
        let unreadable = message("parallelism.default", "two");
        assert!(
            unreadable.contains("`parallelism.default`") && unreadable.contains("two"),
            "{unreadable}"
        );
    });
}

#[test]
fn what_is_wrong_with_a_job_stays_wrong_however_often_it_is_asked() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        env.set("no.such.key", "2")
            .from_sequence(0, 9)
            .union(&[])
            .name("two faults")
            .discard();
        let first = env.explain().unwrap_err().to_string();
        assert!(first.contains("no.such.key"), "{first}");
        assert_eq!(env.plan().map(|_| ()).unwrap_err().to_string(), first);
        let error = env.execute("wrong").map(|_| ()).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string()),
            (ErrorKind::Config, first)
        );
    });
}

#[test]
fn a_job_without_steps_without_source_or_without_sink_is_an_error_that_says_what_to_add() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let empty = env.execute("empty").map(|_| ()).unwrap_err();
        assert_eq!(empty.kind(), ErrorKind::InvalidJob);
        assert!(
            empty
                .to_string()
                .contains("the job is empty: add a source and a sink"),
            "{empty}"
        );
        let _ = env.from_sequence(0, 9).map(|n| n);
        let endless = env.execute("no sink").map(|_| ()).unwrap_err();
        assert!(
            endless.to_string().contains("the job has no sink"),
            "{endless}"
        );
    });
}

#[test]
fn streams_of_two_environments_cannot_be_joined() {
    in_simulated_worlds(|world| {
        let (mine, other) = (environment(&world, 1), environment(&world, 1));
        let (a, b) = (mine.from_sequence(0, 9), other.from_sequence(0, 9));
        a.connect(&b).map(|n| n, |n| n).discard();
        let error = mine.execute("connected").map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJob);
        assert!(error.to_string().contains("two environments"), "{error}");

        let (mine, other) = (environment(&world, 1), environment(&world, 1));
        let (a, b) = (mine.from_sequence(0, 9), other.from_sequence(0, 9));
        a.union(&[&b]).discard();
        let error = mine.execute("union").map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("two environments"), "{error}");

        let (mine, other) = (environment(&world, 1), environment(&world, 1));
        let (a, b) = (
            mine.from_sequence(0, 9).key_by(|n| *n),
            other.from_sequence(0, 9).key_by(|n| *n),
        );
        let _ = a.connect(&b);
        let error = mine.execute("keyed").map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("two environments"), "{error}");
    });
}

#[test]
fn an_endless_job_runs_until_it_is_cancelled() {
    in_all_worlds(|world| {
        let env = environment(&world, 2);
        let endless = GeneratorSource::unbounded(|n| n).records_per_second(1000.0);
        let arrivals = Arrivals::new();
        env.from_source(endless, WatermarkStrategy::none(), "endless")
            .key_by(|n| *n)
            .as_stream()
            .sink_to(arrivals.clone());
        let client = env.execute_async("endless").unwrap();
        assert_eq!(client.job_name(), "endless");
        assert!(!client.status().is_terminal());
        for _ in 0..1_000 {
            if !arrivals.values().is_empty() {
                break;
            }
            world.block_on(world.clock().sleep(millis(10))).unwrap();
        }
        assert!(!arrivals.values().is_empty(), "nothing came in ten seconds");
        assert_eq!(client.status(), JobStatus::Running);
        client.cancel();
        client.cancel();
        let error = world
            .block_on(client.wait())
            .unwrap()
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert_eq!(client.status(), JobStatus::Canceled);
        let last = arrivals.values().len();
        world.block_on(world.clock().sleep(millis(50))).unwrap();
        assert_eq!(arrivals.values().len(), last, "nothing comes any more");
        if let Some(simulation) = world.simulation() {
            assert_eq!(
                simulation.live_tasks(),
                Vec::<std::sync::Arc<str>>::new(),
                "no task is left"
            );
        }
    });
}

#[test]
fn an_endless_job_that_never_waits_can_be_cancelled_too() {
    in_all_worlds(|world| {
        let env = environment(&world, 2);
        let endless = env.from_source(
            GeneratorSource::unbounded(|n| n),
            WatermarkStrategy::none(),
            "endless",
        );
        endless.key_by(|n| *n).sum(|n| n).discard();
        let client = env.execute_async("endless").unwrap();
        world
            .block_on(async {
                for _ in 0..50 {
                    hurtig_env::yield_now().await
                }
            })
            .unwrap();
        client.cancel();
        let error = world
            .block_on(client.wait())
            .unwrap()
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
    });
}

#[test]
fn a_finished_job_says_so_and_can_be_asked_again() {
    in_all_worlds(|world| {
        let env = environment(&world, 1);
        env.from_sequence(0, 9).discard();
        let client = env.execute_async("finished").unwrap();
        let result = world.block_on(client.wait()).unwrap().unwrap();
        assert_eq!(
            (result.job_name.as_str(), result.job_id),
            ("finished", client.job_id())
        );
        assert_eq!(client.status(), JobStatus::Finished);
        client.cancel();
        assert_eq!(client.status(), JobStatus::Finished);
        assert!(world.block_on(client.wait()).unwrap().is_ok());
    });
}

#[test]
fn jobs_run_side_by_side_and_those_of_one_environment_have_ids_of_their_own() {
    in_all_worlds(|world| {
        let (one, two) = (environment(&world, 2), environment(&world, 2));
        let (ones, twos) = (Arrivals::new(), Arrivals::new());
        two.from_sequence(0, 499).sink_to(twos.clone());
        let other = two.execute_async("beside").unwrap();
        let clients = [&one, &one].map(|env| {
            env.from_sequence(0, 999).sink_to(ones.clone());
            env.execute_async("beside").unwrap()
        });
        world.block_on(other.wait()).unwrap().unwrap();
        for client in &clients {
            world.block_on(client.wait()).unwrap().unwrap();
        }
        assert_eq!((ones.values().len(), twos.values().len()), (2000, 500));
        assert_ne!(clients[0].job_id(), clients[1].job_id());
    });
}

#[test]
fn one_seed_is_one_history() {
    let history = |seed| {
        let world = World::simulated(seed);
        let env = environment(&world, 3);
        let sums = env
            .generate(3000, |n| (n % 10, n))
            .key_by(|pair| pair.0)
            .sum(|pair| &mut pair.1);
        let sums = sums.shuffle().execute_and_collect("history").unwrap();
        (sums, world.simulation().unwrap().trace_hash())
    };
    assert_eq!(history(5), history(5));
    assert_ne!(history(5).1, history(6).1);
}
