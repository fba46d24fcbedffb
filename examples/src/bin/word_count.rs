//! `word_count [--input FILE | --socket HOST:PORT] [--parallelism P] [--web-ui PORT]`

use hurtig::connect::TextFormat;
use hurtig::prelude::*;
use hurtig_examples::options::Options;
use hurtig_examples::word_count::{LINES, count};

fn main() -> Result<()> {
    let options = Options::from_command_line(&["input", "socket", "parallelism", "web-ui"])?;
    let env = StreamExecutionEnvironment::new();
    env.set_parallelism(options.number("parallelism", 1)?);
    if let Some(port) = options.text("web-ui") {
        env.set("rest.port", port).serve_web_ui()?;
        eprintln!("open {}", env.web_ui_url().unwrap_or_default());
    }
    let lines = match (options.text("input"), options.text("socket")) {
        (Some(input), _) => {
            let source = FileSource::new(input).format(TextFormat::new());
            env.from_source(source, WatermarkStrategy::none(), "file")
        }
        (None, Some(address)) => env.socket_text_stream(address),
        (None, None) => env.from_collection(LINES.map(String::from)),
    };
    count(&lines)
        .map(|(word, count)| format!("{word}: {count}"))
        .name("format")
        .print();
    env.execute("word count")?;
    Ok(())
}
