//! What translating a stream costs beside letting it pass. Run by hand, since a shared machine's times say nothing:
//! `cargo test --release -p wardgate-wire --test speed -- --ignored --nocapture`.

use bytes::Bytes;
use std::time::{Duration, Instant};
use wardgate_core::format::Format;
use wardgate_wire::stream::Watcher;
use wardgate_wire::transcode::{ReplyOptions, Transcoder};

/// A stream of so many deltas of twenty bytes, a chunk each, as providers send them.
fn recording(format: Format, count: usize) -> Vec<Bytes> {
    let chunk = |text: String| Bytes::from(text);
    let mut chunks = Vec::new();
    match format {
        Format::OpenAiChat => {
            let head = r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000001,"model":"gpt-x","choices":[{"index":0,"delta":"#;
            chunks.push(chunk(format!("{head}{{\"role\":\"assistant\",\"content\":\"\"}},\"finish_reason\":null}}]}}\n\n")));
            for _ in 0..count {
                chunks.push(chunk(format!("{head}{{\"content\":\" and so it goes on \\n\"}},\"finish_reason\":null}}]}}\n\n")));
            }
            chunks.push(chunk(format!("{head}{{}},\"finish_reason\":\"stop\"}}]}}\n\ndata: [DONE]\n\n")));
        }
        _ => {
            chunks.push(chunk("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"model\":\"c\",\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n".to_owned()));
            for _ in 0..count {
                chunks.push(chunk("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" and so it goes on \\n\"}}\n\n".to_owned()));
            }
            chunks.push(chunk("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n".to_owned()));
        }
    }
    chunks
}

/// The shortest of several runs.
fn best(mut run: impl FnMut() -> usize) -> Duration {
    (0..15)
        .map(|_| {
            let begin = Instant::now();
            assert!(run() > 0);
            begin.elapsed()
        })
        .min()
        .unwrap_or_default()
}

#[test]
#[ignore = "measures time"]
fn translating_costs_little_more_than_passing() {
    const COUNT: usize = 20_000;
    for provider in [Format::OpenAiChat, Format::AnthropicMessages] {
        let chunks = recording(provider, COUNT);
        let passing = best(|| {
            let mut watcher = Watcher::new(provider, false);
            chunks.iter().map(|chunk| watcher.push(chunk.clone()).len()).sum()
        });
        for client in [Format::OpenAiChat, Format::AnthropicMessages, Format::OpenAiResponses, Format::Gemini] {
            let translating = best(|| {
                let mut transcoder = Transcoder::new(provider, client, 0, ReplyOptions::default());
                chunks.iter().map(|chunk| transcoder.push(chunk.clone()).len()).sum()
            });
            println!(
                "{} to {}: {:?} an event, {:.2} times passing ({:?})",
                provider.name(),
                client.name(),
                translating / COUNT as u32,
                translating.as_secs_f64() / passing.as_secs_f64(),
                passing / COUNT as u32,
            );
        }
    }
}
