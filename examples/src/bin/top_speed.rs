//! `top_speed [--events N] [--cars N]`: prints the top speed of each car after every 50 m.

use hurtig::prelude::*;
use hurtig_examples::options::Options;
use hurtig_examples::top_speed::{car_event, top_speed};

fn main() -> Result<()> {
    let options = Options::from_command_line(&["events", "cars"])?;
    let (events, cars) = (
        options.number("events", 2000)?,
        options.number("cars", 2)?.max(1),
    );
    let env = StreamExecutionEnvironment::new();
    top_speed(&env.generate(events.into(), move |n| car_event(n, cars.into())))
        .map(|event| {
            format!(
                "car {}: {} km/h at {:.0} m",
                event.car, event.speed, event.distance
            )
        })
        .print();
    env.execute("top speed")?;
    Ok(())
}
