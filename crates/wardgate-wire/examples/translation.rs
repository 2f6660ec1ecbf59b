//! What it costs to translate a stream, beside letting it pass: `cargo xtask bench --only translate`.
//!
//! Two figures for each pair of formats: how many times what reading costs where the same stream passes through, and how many times
//! what relaying a chunk costs without looking into it. Only the latter has a limit, since it is what a machine is bought for; the
//! former tells how well the code does. What relaying a chunk costs, `cargo xtask bench` measures on sockets; the argument is its
//! figure of this machine in microseconds. Each figure is the shortest of many rounds, which another process can only lengthen.

#![expect(clippy::print_stdout, reason = "it is a program that says figures")]

use bytes::Bytes;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use wardgate_core::format::Format;
use wardgate_wire::stream::Watcher;
use wardgate_wire::transcode::{ReplyOptions, Transcoder};

/// What relaying a chunk costs with a look into it, as it was measured last on the machine of `docs/benchmark.md`.
const RELAY_US: f64 = 3.5;

/// The most that a translating relay may cost, as a multiple of one that looks at nothing.
const RATIO_MAX: f64 = 2.5;

/// Chunks of text in a stream.
const CHUNKS: u32 = 2_000;

/// Rounds, of which the shortest counts.
const ROUNDS: usize = 100;

/// A stream in the provider's format: a delta of twenty bytes in each chunk, as providers send them.
fn recording(provider: Format) -> Vec<Bytes> {
    const CHAT: [&str; 3] = [
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000001,\"model\":\"gpt-x\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n",
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000001,\"model\":\"gpt-x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" and so it goes on \\n\"},\"finish_reason\":null}]}\n\n",
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000001,\"model\":\"gpt-x\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    ];
    const MESSAGES: [&str; 3] = [
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"model\":\"c\",\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" and so it goes on \\n\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    ];
    const GEMINI: [&str; 3] = [
        "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"So\"}]},\"index\":0}],\"modelVersion\":\"g\",\"responseId\":\"r1\"}\n\n",
        "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\" and so it goes on \\n\"}]},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":7,\"totalTokenCount\":9},\"modelVersion\":\"g\",\"responseId\":\"r1\"}\n\n",
        "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\".\"}]},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":7,\"candidatesTokenCount\":9,\"totalTokenCount\":16},\"modelVersion\":\"g\",\"responseId\":\"r1\"}\n\n",
    ];
    let [head, delta, tail] = match provider {
        Format::AnthropicMessages => MESSAGES,
        Format::Gemini => GEMINI,
        _ => CHAT,
    };
    let deltas = std::iter::repeat_n(delta, CHUNKS as usize);
    let chunks = [head].into_iter().chain(deltas).chain([tail]);
    chunks.map(|chunk| Bytes::from_static(chunk.as_bytes())).collect()
}

/// What a chunk costs in the shortest of several rounds.
fn best(rounds: usize, mut run: impl FnMut() -> usize) -> Duration {
    let round = || {
        let begin = Instant::now();
        assert!(run() > 0, "nothing came out");
        begin.elapsed() / CHUNKS
    };
    std::iter::repeat_with(round).take(rounds).min().unwrap_or_default()
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let relay_us = arguments.next().and_then(|given| given.parse().ok()).unwrap_or(RELAY_US);
    let rounds = arguments.next().and_then(|given| given.parse().ok()).unwrap_or(ROUNDS);
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    let mut is_within = true;
    for provider in [Format::OpenAiChat, Format::AnthropicMessages, Format::Gemini] {
        let chunks = recording(provider);
        let passing = us(best(rounds, || {
            let mut watcher = Watcher::new(provider, false);
            chunks.iter().map(|chunk| watcher.push(chunk.clone()).len()).sum()
        }));
        let relay = relay_us - passing;
        println!("{}: passing {passing:.3} µs of {relay_us:.1} µs", provider.name());
        for client in [Format::OpenAiChat, Format::AnthropicMessages, Format::OpenAiResponses, Format::Gemini] {
            let translating = us(best(rounds, || {
                let mut transcoder = Transcoder::new(provider, client, 0, ReplyOptions::default());
                chunks.iter().map(|chunk| transcoder.push(chunk.clone()).len()).sum()
            }));
            let of_relay = (relay + translating) / relay;
            println!(
                "  to {:<20} {translating:>6.3} µs a chunk, {:.2} times passing; {of_relay:.2} times the relay alone",
                client.name(),
                translating / passing,
            );
            is_within &= relay > 0.0 && of_relay <= RATIO_MAX;
        }
    }
    if is_within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
