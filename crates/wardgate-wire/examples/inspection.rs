//! What it costs to look into what passes, beside relaying it: `cargo xtask bench --only inspect`.
//!
//! Inspection is all that passing bytes through does with them beyond moving them: in a request the model, what steers the
//! gateway and what may be answered at most; in an answer the usage, why it stopped and whether it is one; in a stream, of each
//! event, the first content, the usage, errors and the end. A relay without it would know none of these.
//!
//! What the whole relay costs, `cargo xtask bench` measures on sockets; the arguments are its figures of this machine, in
//! microseconds: a small request, a streamed chunk, a request of 1 MB. Each figure here is the shortest of many rounds, which
//! another process can only lengthen.

#![expect(clippy::print_stdout, reason = "it is a program that says figures")]

use bytes::Bytes;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use wardgate_core::format::{Format, Surface};
use wardgate_wire::edit::{self, Edit, Params};
use wardgate_wire::stream::Watcher;
use wardgate_wire::{envelope, peek, reply, units};

/// What the relay costs, as it was measured last on the machine of `docs/benchmark.md`.
const RELAY_US: [f64; 3] = [40.0, 3.5, 1_000.0];

/// The most that a relay with inspection may cost, as a multiple of one without.
const RATIO_MAX: f64 = 1.1;

const ROUNDS: usize = 200;

/// The shortest of several rounds, each of so many runs.
fn best(runs: u32, mut run: impl FnMut()) -> Duration {
    let round = || {
        let begin = Instant::now();
        (0..runs).for_each(|_| run());
        begin.elapsed() / runs
    };
    std::iter::repeat_with(round).take(ROUNDS).min().unwrap_or_default()
}

/// Of what the prompts of the benchmark on sockets are made. Strings with escapes and with letters beyond ASCII are read more
/// slowly than others.
const PROSE: &str =
    r#"The quick brown fox \"jumps\" over the lazy dog, a café's cat looks on.\nAnd so the day goes by, word after word. "#;

/// A request whose conversation is this long.
fn request(surface: Surface, bytes: usize) -> Bytes {
    let text = PROSE.repeat(bytes / PROSE.len());
    Bytes::from(match surface {
        Surface::Responses => format!(r#"{{"model":"up:model","stream":true,"input":"{text}","max_output_tokens":100}}"#),
        _ => format!(
            r#"{{"model":"up:model","messages":[{{"role":"user","content":"{text}"}}],"temperature":0.7,"max_tokens":100}}"#
        ),
    })
}

fn answer(format: Format) -> Bytes {
    let text = "What the model answers to that. ".repeat(8);
    Bytes::from(match format {
        Format::AnthropicMessages => format!(
            r#"{{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{{"type":"text","text":"{text}"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":300,"cache_creation_input_tokens":0,"cache_read_input_tokens":100,"output_tokens":60}}}}"#
        ),
        Format::OpenAiResponses => format!(
            r#"{{"id":"resp_1","object":"response","status":"completed","model":"m","output":[{{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{{"type":"output_text","text":"{text}","annotations":[]}}]}}],"usage":{{"input_tokens":300,"input_tokens_details":{{"cached_tokens":100}},"output_tokens":60,"output_tokens_details":{{"reasoning_tokens":0}},"total_tokens":360}}}}"#
        ),
        _ => format!(
            r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1700000001,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":300,"completion_tokens":60,"total_tokens":360,"prompt_tokens_details":{{"cached_tokens":100}}}}}}"#
        ),
    })
}

/// A chunk of a stream, of about two hundred bytes.
fn chunk(format: Format) -> Bytes {
    Bytes::from_static(match format {
        Format::AnthropicMessages => {
            b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" and so the text goes on for a while \\n until it is as long as others\"}}\n\n"
        }
        Format::Gemini => {
            b"data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\" and so the text goes on\"}]},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":300,\"totalTokenCount\":300},\"modelVersion\":\"gemini-x\",\"responseId\":\"r1\"}\n\n"
        }
        Format::OpenAiResponses => {
            b"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":7,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\" and so the text goes on \\n\"}\n\n"
        }
        _ => {
            b"data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000001,\"model\":\"gpt-x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" and so it goes on \\n\"},\"finish_reason\":null}],\"usage\":null}\n\n"
        }
    })
}

fn inspect_request(surface: Surface, body: &Bytes) {
    let Ok(peek) = peek::peek(body, surface) else { return };
    black_box(units::asked(surface, body));
    if surface != Surface::ChatCompletions {
        black_box(envelope::are_in(surface.format(), body));
    }
    let edit = Edit { model: "model", ask_for_usage: false, output_cap: None, params: Params::default(), changes: &[] };
    black_box(edit::apply(body, &peek, edit));
}

fn told(what: &str, relay_us: f64, inspection: Duration) -> bool {
    let inspection_us = inspection.as_secs_f64() * 1e6;
    let ratio = relay_us / (relay_us - inspection_us);
    println!("{what:<34} {inspection_us:>9.3} of {relay_us:>7.1} µs, {ratio:.3} times the relay without");
    inspection_us < relay_us && ratio <= RATIO_MAX
}

fn main() -> ExitCode {
    let mut relay_us = RELAY_US;
    for (figure, given) in relay_us.iter_mut().zip(std::env::args().skip(1)) {
        *figure = given.parse().unwrap_or(*figure);
    }
    let mut is_within = true;
    for surface in [Surface::ChatCompletions, Surface::Messages, Surface::Responses] {
        let (format, small, large) = (surface.format(), request(surface, 900), request(surface, 1_000_000));
        let (whole, chunk) = (answer(format), chunk(format));
        let of_small = best(50, || {
            inspect_request(surface, black_box(&small));
            let _ = black_box(reply::read(format, black_box(&whole), None));
        });
        let mut watcher = Watcher::new(format, false);
        let of_chunk = best(500, || drop(black_box(watcher.push(black_box(chunk.clone())))));
        let of_large = best(1, || inspect_request(surface, black_box(&large)));
        let sizes = format!("{surface}: {} and {} bytes", small.len(), whole.len());
        is_within &= told(&sizes, relay_us[0], of_small);
        is_within &= told(&format!("{surface}: a chunk of {} bytes", chunk.len()), relay_us[1], of_chunk);
        is_within &= told(&format!("{surface}: {} bytes", large.len()), relay_us[2], of_large);
    }
    if is_within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
