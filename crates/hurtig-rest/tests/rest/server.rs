//! The server comes, says where it is, and goes.

use std::time::Duration;

use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_env::World;
use hurtig_types::ErrorKind;

use crate::support::{Site, site, start};

fn port(site: &Site) -> u16 {
    let (_, port) = site.server.address().rsplit_once(':').unwrap();
    port.parse().unwrap()
}

#[test]
fn it_listens_at_this_machine_alone_and_says_at_which_port() {
    let site = site();
    assert!(site.server.address().starts_with("127.0.0.1:"));
    assert_ne!(port(&site), 0);
    assert_eq!(
        site.server.url(),
        format!("http://localhost:{}", port(&site))
    );
}

#[test]
fn a_port_that_is_taken_is_named_with_its_key() {
    let site = site();
    let port = port(&site);
    let error = start(&StreamExecutionEnvironment::new(), port)
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Io);
    let message = error.to_string();
    assert!(
        message.contains(&format!("cannot listen at port {port} of 127.0.0.1")),
        "{message}"
    );
    assert!(message.contains("`rest.port`"), "{message}");
}

#[test]
fn of_several_ports_the_first_that_is_free_is_taken() {
    let env = StreamExecutionEnvironment::in_world(World::simulated(1));
    let first = start(&env, 8081).unwrap();
    let mut configuration = hurtig_types::Configuration::new();
    configuration.set("rest.bind-port", "8081-8083").unwrap();
    let second = hurtig_rest::RestServer::start(env.cluster(), &configuration);
    let second = env.world().block_on(second).unwrap().unwrap();
    assert_eq!(first.address(), "127.0.0.1:8081");
    assert_eq!(second.address(), "127.0.0.1:8082");
}

#[test]
fn it_is_gone_when_it_is_dropped() {
    let Site { env, server } = site();
    let address = server.address().to_string();
    let world = env.world().clone();
    drop((server, env));
    let refused = world.block_on(async {
        for _ in 0..1000 {
            if world.network().connect(&address).await.is_err() {
                return true;
            }
            world.clock().sleep(Duration::from_millis(5)).await;
        }
        false
    });
    assert!(refused.unwrap());
}

#[test]
fn its_port_is_free_once_it_has_stopped() {
    let Site { env, mut server } = site();
    for _ in 0..10 {
        let (_, port) = server.address().rsplit_once(':').unwrap();
        let port = port.parse().unwrap();
        env.world().block_on(server.stop()).unwrap();
        server = start(&env, port).unwrap();
    }
}
