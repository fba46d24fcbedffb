//! Sources and sinks that come with the API.

use std::future::Future;

use hurtig_datastream::{
    CollectSink, GeneratorSource, StreamExecutionEnvironment, WatermarkStrategy,
};
use hurtig_env::{Lane, World};
use hurtig_types::ErrorKind;
use tokio::io::AsyncWriteExt;

use crate::support::{
    Arrivals, environment, in_all_worlds, in_simulated_worlds, millis, seconds, sorted,
};

#[test]
fn a_sequence_has_every_number_once_at_any_parallelism() {
    in_all_worlds(|world| {
        for parallelism in 1..=4 {
            for (first, last) in [
                (0, 0),
                (5, 5),
                (0, 9),
                (7, 10_006),
                (3, 4),
                (u64::MAX - 4, u64::MAX - 1),
                (u64::MAX - 9, u64::MAX),
            ] {
                let env = environment(&world, parallelism);
                let numbers = sorted(
                    env.from_sequence(first, last)
                        .execute_and_collect("sequence")
                        .unwrap(),
                );
                assert!(
                    numbers.into_iter().eq(first..=last),
                    "{first} to {last} at parallelism {parallelism}"
                );
            }
        }
    });
}

#[test]
fn an_empty_sequence_has_none() {
    in_simulated_worlds(|world| {
        for parallelism in 1..=4 {
            let env = environment(&world, parallelism);
            assert!(
                env.from_sequence(1, 0)
                    .execute_and_collect("empty")
                    .unwrap()
                    .is_empty()
            );
        }
    });
}

#[test]
fn a_collection_comes_in_order_by_one_subtask() {
    in_all_worlds(|world| {
        for count in [0u64, 1, 2047, 2048, 2049, 10_000] {
            let env = environment(&world, 4);
            let records = env.from_collection((0..count).map(|n| format!("record {n}")));
            let arrivals = Arrivals::new();
            records
                .forward()
                .map(|record| record)
                .parallelism(1)
                .sink_to(arrivals.clone())
                .parallelism(1);
            env.execute("collection").unwrap();
            assert_eq!(
                arrivals.values(),
                (0..count)
                    .map(|n| format!("record {n}"))
                    .collect::<Vec<_>>()
            );
        }
    });
}

#[test]
fn a_generator_shares_its_numbers_among_the_subtasks_in_turn() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 3);
        let arrivals = Arrivals::new();
        env.generate(10_000, |n| n).sink_to(arrivals.clone());
        env.execute("generator").unwrap();
        for subtask in 0..3 {
            assert_eq!(
                arrivals.of(subtask),
                (u64::from(subtask)..10_000).step_by(3).collect::<Vec<_>>()
            );
        }
    });
}

#[test]
fn a_generator_with_a_rate_takes_as_long_as_it_should() {
    in_simulated_worlds(|world| {
        for parallelism in 1..=4u32 {
            for (count, rate) in [(1000, 100.0), (7, 0.5), (10_000, 33_333.0), (3000, 1e6)] {
                let env = environment(&world, parallelism);
                let source = GeneratorSource::new(count, |n| n).records_per_second(rate);
                let numbers = env.from_source(source, WatermarkStrategy::none(), "rated");
                numbers.discard();
                let took = env.execute("rated").unwrap().net_runtime.as_secs_f64();
                // The first record of each subtask comes at once.
                let (most, least) = (
                    count as f64 / rate,
                    (count as f64 - 2.0 * f64::from(parallelism)) / rate,
                );
                assert!(
                    (least..=most + 0.001).contains(&took),
                    "{count} at {rate}/s took {took} s"
                );
            }
        }
    });
}

#[test]
fn a_generator_with_a_rate_spreads_its_records_over_the_time() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        let source = GeneratorSource::new(100, |n| n).records_per_second(10.0);
        let arrivals = Arrivals::new();
        env.from_source(source, WatermarkStrategy::none(), "rated")
            .sink_to(arrivals.clone());
        env.execute("rated").unwrap();
        for arrival in arrivals.all() {
            let due = arrival.value / 2 * 200;
            assert_eq!(arrival.at.as_millis(), due, "number {}", arrival.value);
        }
    });
}

#[test]
fn a_generator_with_a_high_rate_is_not_woken_for_each_record() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        let source = GeneratorSource::new(100_000, |n| n).records_per_second(1e6);
        let arrivals = Arrivals::new();
        env.from_source(source, WatermarkStrategy::none(), "rated")
            .sink_to(arrivals.clone());
        env.execute("rated").unwrap();
        let mut times: Vec<u64> = arrivals.all().iter().map(|it| it.at.as_millis()).collect();
        times.dedup();
        assert!((90..=110).contains(&times.len()), "{} times", times.len());
    });
}

#[test]
fn a_rate_that_is_none_is_an_error_before_the_job_starts() {
    in_simulated_worlds(|world| {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let env = environment(&world, 1);
            let source = GeneratorSource::new(100, |n| n).records_per_second(rate);
            env.from_source(source, WatermarkStrategy::none(), "rated")
                .discard();
            let error = env.execute("rated").map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(
                error.to_string().contains("choose a rate above 0"),
                "{error}"
            );
        }
    });
}

/// Serves `text` in pieces to the first who connects to `address`, with a pause between, and returns where.
fn serve(world: &World, address: &str, pieces: Vec<Vec<u8>>) -> String {
    let mut listener = world
        .block_on(world.network().listen(address))
        .unwrap()
        .unwrap();
    let bound = listener.local_addr().to_string();
    let clock = world.clock().clone();
    let server: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
        let mut connection = listener.accept().await.unwrap();
        for piece in pieces {
            connection.write_all(&piece).await.unwrap();
            connection.flush().await.unwrap();
            clock.sleep(millis(5)).await;
        }
        connection.shutdown().await.unwrap();
    });
    drop(world.spawner().spawn(Lane::Io, "server", server));
    bound
}

/// Every world, with an address to listen at in it.
fn with_addresses(test: impl Fn(&World, &str)) {
    in_simulated_worlds(|world| test(&world, "server:9000"));
    test(&World::real(), "127.0.0.1:0");
}

fn lines(
    world: &World,
    address: &str,
) -> (
    StreamExecutionEnvironment,
    hurtig_datastream::DataStream<String>,
) {
    let env = environment(world, 2);
    let lines = env.socket_text_stream(address);
    (env, lines)
}

#[test]
fn a_socket_gives_its_lines_in_order_until_the_server_ends() {
    with_addresses(|world, address| {
        let pieces = ["to be\nor n", "ot", " to be\r\n\nthat", " is the question"]
            .map(|piece| piece.as_bytes().to_vec());
        let address = serve(world, address, pieces.to_vec());
        let (env, lines) = lines(world, &address);
        let arrivals = Arrivals::new();
        lines.sink_to(arrivals.clone()).parallelism(1);
        env.execute("socket").unwrap();
        assert_eq!(
            arrivals.values(),
            ["to be", "or not to be", "", "that is the question"]
        );
    });
}

#[test]
fn a_socket_gives_ten_thousand_lines() {
    with_addresses(|world, address| {
        let text: String = (0..10_000).map(|n| format!("line {n}\n")).collect();
        let pieces = text.as_bytes().chunks(20_000).map(<[u8]>::to_vec).collect();
        let address = serve(world, address, pieces);
        let (_, lines) = lines(world, &address);
        let lines = lines.rebalance().map(|line| line.len() as u64);
        assert_eq!(
            lines
                .execute_and_collect("socket")
                .unwrap()
                .into_iter()
                .sum::<u64>(),
            text.len() as u64 - 10_000
        );
    });
}

#[test]
fn lines_of_a_socket_are_handed_on_as_they_come() {
    in_simulated_worlds(|world| {
        let pieces = (0..20).map(|n| format!("{n}\n").into_bytes()).collect();
        let address = serve(&world, "server:1", pieces);
        let (env, lines) = lines(&world, &address);
        let arrivals = Arrivals::new();
        lines.sink_to(arrivals.clone());
        env.execute("socket").unwrap();
        let mut moments: Vec<u64> = arrivals
            .all()
            .iter()
            .map(|arrival| arrival.at.as_millis())
            .collect();
        moments.dedup();
        assert!(moments.len() >= 19, "{moments:?}");
    });
}

#[test]
fn a_socket_that_nobody_serves_is_an_error_that_names_the_address() {
    with_addresses(|world, address| {
        let address = match world.is_simulated() {
            true => address.to_string(),
            // A port that was free a moment ago.
            false => world
                .block_on(world.network().listen(address))
                .unwrap()
                .unwrap()
                .local_addr()
                .to_string(),
        };
        let (_, lines) = lines(world, &address);
        let error = lines.execute_and_collect("socket").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(
            error
                .to_string()
                .contains(&format!("connecting to {address}")),
            "{error}"
        );
        assert!(error.to_string().contains("Socket Stream"), "{error}");
    });
}

#[test]
fn a_line_that_is_no_text_is_an_error_that_names_it() {
    with_addresses(|world, address| {
        let address = serve(world, address, vec![b"good\n\xff\xfe\nnever\n".to_vec()]);
        let (_, lines) = lines(world, &address);
        let error = lines.execute_and_collect("socket").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadRecord, "{error}");
        assert!(
            error
                .to_string()
                .contains(&format!("line 2 of {address} is no UTF-8")),
            "{error}"
        );
    });
}

#[test]
fn a_job_that_waits_for_a_silent_socket_can_be_cancelled() {
    with_addresses(|world, address| {
        let address = {
            let mut listener = world
                .block_on(world.network().listen(address))
                .unwrap()
                .unwrap();
            let bound = listener.local_addr().to_string();
            let clock = world.clock().clone();
            drop(
                world
                    .spawner()
                    .spawn(Lane::Io, "silent server", async move {
                        let _connection = listener.accept().await.unwrap();
                        clock.sleep(seconds(3600)).await;
                    }),
            );
            bound
        };
        let (env, lines) = lines(world, &address);
        lines.discard();
        let client = env.execute_async("silent").unwrap();
        world.block_on(world.clock().sleep(millis(50))).unwrap();
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
fn a_collect_sink_can_be_emptied_and_filled_again() {
    in_all_worlds(|world| {
        let env = environment(&world, 2);
        let sink = CollectSink::new();
        for _ in 0..2 {
            env.from_sequence(0, 99).sink_to(sink.clone());
            env.execute("collect").unwrap();
            assert_eq!(sorted(sink.take()), (0..100).collect::<Vec<u64>>());
            assert!(sink.take().is_empty());
        }
    });
}

#[test]
fn print_sinks_run() {
    in_all_worlds(|world| {
        let env = environment(&world, 2);
        let few = env.from_sequence(0, 2);
        few.map(|n| format!("printed by a test: {n}")).print();
        few.map(|n| ("printed by a test".to_string(), n))
            .print_to_err()
            .name("to err");
        let result = env.execute("print").unwrap();
        assert_eq!(
            result
                .metrics
                .sum_over_subtasks("Sink: Print to Std. Out", "numRecordsIn"),
            Some(3)
        );
        assert_eq!(
            result
                .metrics
                .sum_over_subtasks("Sink: to err", "numRecordsIn"),
            Some(3)
        );
    });
}
