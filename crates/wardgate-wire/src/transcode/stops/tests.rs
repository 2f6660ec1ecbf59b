use super::*;
use crate::neutral::content::Reasoning;
use crate::neutral::reply::Gatherer;
use crate::neutral::request::{Number, Request};
use crate::neutral::tool::Call;
use crate::transcode::target::{Target, Traits};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use wardgate_core::format::Format;

fn stops(sequences: &[&str]) -> Stops {
    let mut stops = Stops::default();
    for sequence in sequences {
        assert!(stops.add(sequence), "{sequence:?} cannot be watched for");
    }
    stops
}

/// Parts of an answer as a short text: `t:words` text, `r:words` reasoning, `c:name` a call, `x:words` a refusal.
fn reply(parts: &[&str]) -> Reply {
    let part = |part: &&str| {
        let (kind, text) = part.split_once(':').unwrap_or((part, ""));
        match kind {
            "t" => Content::text(text),
            "x" => Content::Refusal(text.to_owned()),
            "r" => Content::Reasoning(Reasoning { text: text.to_owned(), ..Reasoning::default() }),
            _ => {
                Content::Call(Call { id: "1".to_owned(), name: "f".to_owned(), arguments: text.to_owned(), ..Call::default() })
            }
        }
    };
    Reply { parts: parts.iter().map(part).collect(), ..Reply::default() }
}

fn shown(reply: &Reply) -> String {
    let part = |part: &Content| match part {
        Content::Text { text, citations, .. } if citations.is_empty() => format!("t:{text}"),
        Content::Text { text, citations, .. } => {
            let of = |it: &Citation| format!("[{}-{}]", it.start.unwrap_or_default(), it.end.unwrap_or_default());
            format!("t:{text}{}", citations.iter().map(of).collect::<String>())
        }
        Content::Refusal(text) => format!("x:{text}"),
        Content::Reasoning(reasoning) => format!("r:{}", reasoning.text),
        Content::Call(call) => format!("c:{}", call.arguments),
        _ => String::new(),
    };
    let parts: Vec<_> = reply.parts.iter().map(part).collect();
    format!("{} | {:?}", parts.join(" "), reply.stop)
}

/// The answer told as a stream in which no delta is longer than so many bytes, or one character, and gathered behind the filter.
fn streamed(reply: &Reply, stops: &Stops, bytes_max: usize) -> Reply {
    let mut gatherer = Gatherer::default();
    let Some(mut filter) = StopFilter::new(stops) else { return reply.clone() };
    let bytes_held_max = stops.sequences.iter().map(String::len).max().unwrap_or_default();
    reply.replay(&mut |event| {
        let mut push = |event: &Event<'_>| {
            filter.push(event, &mut |told| gatherer.push(&told));
            let held: usize = filter.held.iter().map(|held| held.text.len()).sum();
            assert!(held < bytes_held_max, "{held} bytes are held back");
        };
        let Event::Delta(mut rest) = event else { return push(&event) };
        while !rest.is_empty() {
            let mut cut = bytes_max.min(rest.len());
            while !rest.is_char_boundary(cut) {
                cut += 1;
            }
            push(&Event::Delta(&rest[..cut]));
            rest = &rest[cut..];
        }
    });
    gatherer.finish().unwrap_or_default()
}

/// What becomes of an answer, whole and streamed alike.
fn check(parts: &[&str], sequences: &[&str], expected: &Expect) {
    let (before, stops) = (reply(parts), stops(sequences));
    let mut whole = before.clone();
    stops.cut(&mut whole);
    expected.assert_eq(&shown(&whole));
    for bytes_max in 1..8 {
        assert_eq!(shown(&streamed(&before, &stops, bytes_max)), shown(&whole), "in deltas of {bytes_max}");
    }
}

#[test]
fn the_text_ends_before_the_first_sequence() {
    check(&["t:one END two END"], &["END"], &expect![[r#"t:one  | Sequence(Some("END"))"#]]);
    check(&["t:nothing of the kind"], &["END"], &expect!["t:nothing of the kind | End"]);
    check(&["t:EN EN EN"], &["END"], &expect!["t:EN EN EN | End"]);
    check(&["t:END"], &["END"], &expect![[r#" | Sequence(Some("END"))"#]]);
    check(&["t:aé🌍b"], &["🌍"], &expect![[r#"t:aé | Sequence(Some("🌍"))"#]]);
    check(&["t:a\n\nb"], &["\n\n"], &expect![[r#"t:a | Sequence(Some("\n\n"))"#]]);
}

#[test]
fn of_several_the_one_that_is_whole_first_counts() {
    check(&["t:abcd"], &["abcd", "c"], &expect![[r#"t:ab | Sequence(Some("c"))"#]]);
    check(&["t:abc"], &["c", "bc"], &expect![[r#"t:a | Sequence(Some("bc"))"#]]);
    check(&["t:xaab"], &["aaa", "aab"], &expect![[r#"t:x | Sequence(Some("aab"))"#]]);
    check(&["t:aaaab"], &["aab"], &expect![[r#"t:aa | Sequence(Some("aab"))"#]]);
}

#[test]
fn a_sequence_may_go_over_parts_of_text_but_not_over_anything_else() {
    check(&["t:one E", "t:N", "t:D two", "c:1"], &["END"], &expect![[r#"t:one  | Sequence(Some("END"))"#]]);
    check(&["t:one", "t:", "t:EN", "t:D"], &["END"], &expect![[r#"t:one t: | Sequence(Some("END"))"#]]);
    check(&["t:E", "c:1", "t:ND"], &["END"], &expect!["t:E c:1 t:ND | End"]);
    check(&["t:E", "r:1", "t:ND END"], &["END"], &expect![[r#"t:E r:1 t:ND  | Sequence(Some("END"))"#]]);
    check(&["r:END", "c:END", "x:END", "t:x"], &["END"], &expect!["r:END c:END x:END t:x | End"]);
}

#[test]
fn a_call_before_the_sequence_is_waited_for_and_one_behind_it_never_was() {
    check(&["c:1", "t:x END"], &["END"], &expect!["c:1 t:x  | ToolUse"]);
    check(&["t:x END", "c:1"], &["END"], &expect![[r#"t:x  | Sequence(Some("END"))"#]]);
}

#[test]
fn sources_stay_within_the_text() {
    let mut before = reply(&["t:é one END two"]);
    if let Some(Content::Text { citations, .. }) = before.parts.first_mut() {
        *citations = [(0, 5), (2, 12), (8, 12)].map(|(start, end)| cited(start, end)).to_vec();
    }
    let stops = stops(&["END"]);
    let mut whole = before.clone();
    stops.cut(&mut whole);
    expect![[r#"t:é one [0-5][2-6] | Sequence(Some("END"))"#]].assert_eq(&shown(&whole));
    // In a stream a source may come before the words that it is of.
    let Some(mut filter) = StopFilter::new(&stops) else { return };
    let mut gatherer = Gatherer::default();
    let sources = [cited(0, 5), cited(2, 12), cited(8, 12)];
    let mut events = vec![Event::Open(Open::Text)];
    events.extend(sources.iter().map(Event::Cite));
    events.extend(["é one E", "ND two"].map(Event::Delta));
    events.iter().for_each(|event| filter.push(event, &mut |told| gatherer.push(&told)));
    assert_eq!(shown(&gatherer.finish().unwrap_or_default()), shown(&whole));
}

#[test]
fn of_tokens_those_are_told_that_end_within_the_text() {
    let tokens = ["One", " ", "E", "N", "D.", " Two"].map(|token| Logprob::new(token.to_owned(), number("-0.5")));
    let text: String = tokens.iter().map(|token| token.token.as_str()).collect();
    let part = Content::Text { text, citations: Vec::new(), logprobs: tokens.to_vec() };
    let before = Reply { parts: vec![part], ..Reply::default() };
    let told = |reply: &Reply| {
        let tokens = reply.parts.iter().flat_map(Content::logprobs).map(|token| token.token.as_str());
        tokens.collect::<Vec<_>>().join("|")
    };
    for (sequence, expected) in [("END", "One| "), ("N", "One| |E"), ("D", "One| |E|N"), ("EX", "One| |E|N|D.| Two")] {
        let stops = stops(&[sequence]);
        let mut whole = before.clone();
        stops.cut(&mut whole);
        assert_eq!(told(&whole), expected, "{sequence}");
        for bytes_max in 1..8 {
            assert_eq!(told(&streamed(&before, &stops, bytes_max)), expected, "{sequence} in deltas of {bytes_max}");
        }
    }
}

fn number(literal: &str) -> Number {
    Number::new(literal).unwrap_or_else(|| panic!("{literal} is no number"))
}

fn cited(start: u64, end: u64) -> Citation {
    Citation { start: Some(start), end: Some(end), ..Citation::default() }
}

#[test]
fn what_is_held_back_is_told_when_the_stream_breaks() {
    let Some(mut filter) = StopFilter::new(&stops(&["END"])) else { return };
    let (mut told, fault) = (Vec::new(), crate::neutral::event::truncated());
    let events = [Event::Open(Open::Text), Event::Delta("one EN"), Event::Fault(&fault)];
    events.iter().for_each(|event| filter.push(event, &mut |event| told.push(format!("{event:?}"))));
    assert_eq!(told[..3], ["Open(Text)", "Delta(\"one \")", "Delta(\"EN\")"]);
    assert!(told[3].starts_with("Fault"), "{told:?}");
}

#[test]
fn what_cannot_be_watched_for_is_said() {
    let mut stops = Stops::default();
    assert!(!stops.add(""));
    assert!(stops.add(&"a".repeat(STOPS_BYTES_MAX)) && !stops.add("b"));
}

/// The same by the plainest way: at each place of each text, is any sequence whole there?
fn plainly(before: &Reply, sequences: &[String]) -> Reply {
    let mut reply = before.clone();
    let mut begin = 0;
    while begin < reply.parts.len() {
        let is_text = |part: &Content| matches!(part, Content::Text { .. });
        let count = reply.parts[begin..].iter().take_while(|part| is_text(part)).count();
        let texts: Vec<String> = reply.parts[begin..begin + count]
            .iter()
            .map(|part| if let Content::Text { text, .. } = part { text.clone() } else { String::new() })
            .collect();
        let text = texts.concat();
        let mut ends = (1..=text.len()).filter(|end| text.is_char_boundary(*end));
        let found = ends.find_map(|end| {
            let whole = sequences.iter().filter(|it| text[..end].ends_with(it.as_str()));
            whole.max_by_key(|it| it.len()).map(|it| (end - it.len(), it.clone()))
        });
        if let Some((mut keep, sequence)) = found {
            reply.parts.truncate(begin);
            for text in texts {
                // A part in which the sequence begins is gone unless something stands before it.
                if keep < text.len() {
                    if keep > 0 {
                        reply.parts.push(Content::text(&text[..keep]));
                    }
                    break;
                }
                keep -= text.len();
                reply.parts.push(Content::text(text));
            }
            reply.stop = Stop::Sequence(Some(sequence)).with_calls(reply.has_calls());
            return reply;
        }
        begin += count.max(1);
    }
    reply
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn any_split_gives_what_the_plainest_way_gives(
        parts in proptest::collection::vec(("[tttrcx]", "[ab é]{0,12}"), 0..6),
        sequences in proptest::collection::vec("[ab é]{1,4}", 1..5),
        bytes_max in 1usize..6,
    ) {
        let parts: Vec<String> = parts.into_iter().map(|(kind, text)| format!("{kind}:{text}")).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let mut stops = Stops::default();
        prop_assert!(sequences.iter().all(|sequence| stops.add(sequence)));
        let before = reply(&parts);
        let mut whole = before.clone();
        stops.cut(&mut whole);
        prop_assert_eq!(shown(&whole), shown(&plainly(&before, &sequences)));
        prop_assert_eq!(shown(&streamed(&before, &stops, bytes_max)), shown(&whole));
    }
}

/// What a provider is sent of a Chat request's sequences, and what is left to the gateway.
#[test]
fn a_provider_is_sent_what_it_takes() {
    let check = |format, takes_stops, sent: &str, watched: &[&str]| {
        let body =
            r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"stop":["\n","1","2","3","4","5"]}"#;
        let request = crate::transcode::decode_request(Format::OpenAiChat, body.as_bytes());
        let request = request.unwrap_or_else(|_| Request::new(Format::OpenAiChat));
        let traits = Traits { takes_stops, ..Traits::default() };
        let target = Target { is_strict: true, traits, ..Target::new("m") };
        let encoded = crate::transcode::encode_request(format, &request, &target).map(|it| (it.body, it.stops));
        let (body, stops) = encoded.unwrap_or_default();
        let body = String::from_utf8_lossy(&body);
        assert!(!body.is_empty() && body.contains(sent) && body.contains("top") != sent.is_empty(), "{format:?}: {body}");
        assert_eq!(stops.sequences, watched, "{format:?}");
    };
    check(Format::OpenAiChat, true, r#""stop":["\n","1","2","3"]"#, &["4", "5"]);
    check(Format::OpenAiChat, false, "", &["\n", "1", "2", "3", "4", "5"]);
    check(Format::OpenAiResponses, true, "", &["\n", "1", "2", "3", "4", "5"]);
    check(Format::AnthropicMessages, true, r#""stop_sequences":["1","2","3","4","5"]"#, &["\n"]);
    check(Format::BedrockConverse, true, r#""stopSequences":["1","2","3","4","5"]"#, &["\n"]);
    check(Format::Gemini, true, r#""stopSequences":["\n","1","2","3","4"]"#, &["5"]);
    check(Format::CohereChat, true, r#""stop_sequences":["\n","1","2","3","4"]"#, &["5"]);
}
