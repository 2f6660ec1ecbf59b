//! What answers cost: bodies as providers send them, at the catalog's prices of one day, to the micro-dollar. Each sum stands
//! beside its case in millionths of a dollar; a price in dollars for a million tokens is one in micro-dollars for a token.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use wardgate_core::format::Format;
use wardgate_core::money::PicoUsdPerToken;
use wardgate_core::name::ProviderName;
use wardgate_core::time::Timestamp;
use wardgate_core::usage::{Units, Usage};
use wardgate_limits::cost::{Margin, Terms, cost, is_told};
use wardgate_limits::tier::TierMargin;
use wardgate_model::price::{FormerPrices, Prices, Rates};
use wardgate_model::{Catalog, Origin, Target};
use wardgate_wire::reply;

/// The day whose prices these are. A price that changes later leaves them as they are.
const DAY: &str = "2026-11-22T12:00:00Z";

const fn terms(at: Timestamp, margin: Margin) -> Terms {
    Terms { at, margin, unknown_price: None }
}

fn target(provider: &str, model: &str) -> Target {
    let catalog = Catalog::built_in().unwrap();
    Target::of(catalog.provider(provider).unwrap(), catalog.model_at(provider, model).unwrap())
}

/// A whole answer costs this, in millionths of a dollar.
fn check(target: &str, format: Format, usage: &str, expected: &str) {
    let body = match format {
        Format::AnthropicMessages => {
            format!(r#"{{"type":"message","content":[],"stop_reason":"end_turn","usage":{usage}}}"#)
        }
        Format::Gemini => format!(r#"{{"candidates":[{{"finishReason":"STOP"}}],"usageMetadata":{usage}}}"#),
        _ => format!(r#"{{"choices":[{{"index":0,"message":{{"content":"x"}},"finish_reason":"stop"}}],"usage":{usage}}}"#),
    };
    let read = reply::read(format, body.as_bytes(), None).unwrap();
    let (provider, model) = target.split_once(':').unwrap();
    let at = Timestamp::parse(DAY).unwrap();
    let cost = cost(&self::target(provider, model), &read.usage.unwrap(), false, &terms(at, Margin::default())).unwrap();
    let nano = cost.total.nano_usd();
    assert_eq!(format!("{}.{:03}", nano / 1_000, nano % 1_000), expected, "{target} {usage}");
    assert!((cost.input + cost.output).nano_usd().abs_diff(nano) <= 1, "the parts are the whole");
}

#[test]
fn bills_of_providers() {
    use Format::{AnthropicMessages, Gemini, OpenAiChat};
    // 176 × 5 + 1024 × 0.5 + 80 × 30
    check(
        "openai:gpt-5.5",
        OpenAiChat,
        r#"{"prompt_tokens":1200,"completion_tokens":80,"total_tokens":1280,"prompt_tokens_details":{"cached_tokens":1024},"completion_tokens_details":{"reasoning_tokens":12}}"#,
        "3792.000",
    );
    // A long input moves all of it to the higher tier: 200000 × 10 + 100000 × 1 + 1000 × 45
    check(
        "openai:gpt-5.5",
        OpenAiChat,
        r#"{"prompt_tokens":300000,"completion_tokens":1000,"prompt_tokens_details":{"cached_tokens":100000}}"#,
        "2145000.000",
    );
    // 10 × 2 + 90 × 0.1 + 5 × 2.5 + 2 × 4 + 20 × 10
    check(
        "anthropic:claude-sonnet-5-5",
        AnthropicMessages,
        r#"{"input_tokens":10,"cache_read_input_tokens":90,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":2},"output_tokens":20}"#,
        "249.500",
    );
    // 600 × 2 + 400 × 0.1 + (30 + 20) × 10: thoughts are beside the answer
    check(
        "google:gemini-4-argon",
        Gemini,
        r#"{"promptTokenCount":1000,"cachedContentTokenCount":400,"candidatesTokenCount":30,"thoughtsTokenCount":20,"totalTokenCount":1050}"#,
        "1740.000",
    );
    // 200 × 0.14 + 800 × 0.0028 + 100 × 0.28
    check(
        "deepseek:deepseek-chat",
        OpenAiChat,
        r#"{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_cache_hit_tokens":800,"prompt_cache_miss_tokens":200}"#,
        "58.240",
    );
    // 400 × 0.15 + 100 × 0.075 + 40 × 0.6
    check(
        "groq:openai/gpt-oss-120b",
        OpenAiChat,
        r#"{"queue_time":0.01,"prompt_tokens":500,"completion_tokens":40,"total_tokens":540,"prompt_tokens_details":{"cached_tokens":100}}"#,
        "91.500",
    );
    // 400 × 2 + 600 × 0.3 + (10 + 300) × 6: reasoning is beside the completion
    check(
        "xai:grok-4.5",
        OpenAiChat,
        r#"{"prompt_tokens":1000,"completion_tokens":10,"total_tokens":1310,"prompt_tokens_details":{"cached_tokens":600},"completion_tokens_details":{"reasoning_tokens":300}}"#,
        "2840.000",
    );
    // 1000 × 0.15 + 100 × 0.6
    check(
        "mistral:mistral-small-2603",
        OpenAiChat,
        r#"{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}"#,
        "210.000",
    );
    // 500 × 2 + 300 × 0.25 + 200 × 2.5 + 10 × 6
    check(
        "alibaba:qwen3.8-max",
        OpenAiChat,
        r#"{"prompt_tokens":1000,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":300,"cache_creation_input_tokens":200}}"#,
        "1635.000",
    );
    // 600 × 3 + 400 × 0.3 + 20 × 15
    check("moonshotai:kimi-k3", OpenAiChat, r#"{"prompt_tokens":1000,"completion_tokens":20,"cached_tokens":400}"#, "2220.000");
    // 33 × 2 + 7163 × 8 + 94456 × 3: reasoning has a price of its own
    check(
        "perplexity:sonar-deep-research",
        OpenAiChat,
        r#"{"prompt_tokens":33,"completion_tokens":7163,"total_tokens":7196,"reasoning_tokens":94456}"#,
        "340738.000",
    );
}

/// An answer that passes unread costs this, in millionths of a dollar; none: nobody knows.
fn check_unread(target: &str, body: &str, asked: Units, expected: Option<i64>) {
    let told = reply::read(Format::Opaque, body.as_bytes(), None).unwrap().usage.unwrap_or_default();
    let units =
        Units { requests: 1, characters: asked.characters, queries: told.units.queries.max(asked.queries), ..told.units };
    let usage = Usage { units, ..told };
    let (provider, model) = target.split_once(':').unwrap();
    let (target, at) = (self::target(provider, model), Timestamp::parse(DAY).unwrap());
    let cost = is_told(&target, &usage, at).then(|| cost(&target, &usage, false, &terms(at, Margin::default())).unwrap());
    assert_eq!(cost.map(|cost| cost.total.nano_usd()), expected.map(|micro| micro * 1_000), "{provider}:{model} {body}");
}

#[test]
fn what_passes_unread_is_charged_by_the_piece() {
    // 100 × 5 + 50 × 8 + 1000 × 30
    check_unread(
        "openai:gpt-image-2",
        r#"{"data":[{"b64_json":"x"}],"usage":{"input_tokens":150,"output_tokens":1000,"input_tokens_details":{"text_tokens":100,"image_tokens":50}}}"#,
        Units::NONE,
        Some(30_900),
    );
    check_unread("openai:gpt-image-2", r#"{"data":[{"b64_json":"x"}]}"#, Units::NONE, None);
    // 9.5 s × 100
    check_unread("openai:whisper-1", r#"{"text":"x","usage":{"type":"duration","seconds":9.5}}"#, Units::NONE, Some(950));
    check_unread("openai:whisper-1", r#"{"text":"x"}"#, Units::NONE, None);
    // 40 × 6 + 10 × 2.5 + 4 × 10
    check_unread(
        "openai:gpt-4o-transcribe",
        r#"{"text":"x","usage":{"type":"tokens","input_tokens":50,"output_tokens":4,"input_token_details":{"text_tokens":10,"audio_tokens":40}}}"#,
        Units::NONE,
        Some(305),
    );
    // 200 × 15
    check_unread("openai:tts-1", "RIFF", Units { characters: 200, ..Units::NONE }, Some(3_000));
    check_unread("openai:gpt-4o-mini-tts", "RIFF", Units { characters: 200, ..Units::NONE }, None);
    let one = Units { queries: 1, ..Units::NONE };
    check_unread("cohere:rerank-v3.5", r#"{"results":[],"meta":{"billed_units":{"search_units":2}}}"#, one, Some(4_000));
    check_unread("cohere:rerank-v3.5", r#"{"results":[]}"#, one, Some(2_000));
    check_unread("cohere:rerank-v5.0-pro", r#"{"results":[]}"#, one, None);
    check_unread("cohere:rerank-v5.0-pro", r#"{"results":[],"meta":{"tokens":{"input_tokens":100}}}"#, one, Some(5));
    check_unread("openai:omni-moderation-latest", r#"{"results":[]}"#, Units::NONE, Some(0));
}

#[test]
fn searches_and_modalities_have_prices_of_their_own() {
    use Format::{AnthropicMessages, Gemini};
    // 10 × 2 + 20 × 10 + 2 searches × 10 000
    check(
        "anthropic:claude-sonnet-5-5",
        AnthropicMessages,
        r#"{"input_tokens":10,"output_tokens":20,"server_tool_use":{"web_search_requests":2}}"#,
        "20220.000",
    );
    // 100 × 2 + 20 × 12 + 1000 × 120
    check(
        "google:gemini-3-pro-image",
        Gemini,
        r#"{"promptTokenCount":100,"candidatesTokenCount":1020,"totalTokenCount":1120,"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":1000}]}"#,
        "120440.000",
    );
}

const USAGE: Usage = Usage {
    input_uncached: 1_000,
    cache_read: 0,
    cache_write_5m: 0,
    cache_write_1h: 0,
    cache_write_other: 0,
    output: 500,
    reasoning: 0,
    units: Units::NONE,
};

#[test]
fn the_operators_part_is_added_where_it_is_due() {
    let target = target("openai", "gpt-4o");
    let at = Timestamp::parse(DAY).unwrap();
    let fee = PicoUsdPerToken::from_usd_per_million("0.05").unwrap();
    let check = |is_managed, margin, expected| {
        let cost = cost(&target, &USAGE, is_managed, &terms(at, margin)).unwrap();
        assert_eq!(cost.total.nano_usd(), expected);
        assert_eq!((cost.input.nano_usd(), cost.output.nano_usd()), (2_500_000, 5_000_000), "the provider's part stays");
    };
    check(true, Margin::default(), 7_500_000);
    check(true, Margin { markup_ppm: 50_000, fee: PicoUsdPerToken::ZERO }, 7_875_000);
    check(false, Margin { markup_ppm: 50_000, fee: PicoUsdPerToken::ZERO }, 7_500_000);
    check(false, Margin { markup_ppm: 50_000, fee }, 7_575_000);
    check(true, Margin { markup_ppm: 50_000, fee }, 7_950_000);
}

/// What the team's tier says counts before what the account's says, and that before what the gateway says, each by itself.
#[test]
fn a_tier_may_add_another_part() {
    let target = target("openai", "gpt-4o");
    let at = Timestamp::parse(DAY).unwrap();
    let fee = |text: &str| PicoUsdPerToken::from_usd_per_million(text);
    let general = Margin { markup_ppm: 50_000, fee: fee("0.05").unwrap() };
    let check = |account: TierMargin, team: TierMargin, managed: i64, own: i64| {
        let terms = terms(at, team.over(account.over(general)));
        for (is_managed, expected) in [(true, managed), (false, own)] {
            assert_eq!(cost(&target, &USAGE, is_managed, &terms).unwrap().total.nano_usd(), expected, "{account:?} {team:?}");
        }
    };
    let nothing = TierMargin::default();
    let markup = |ppm: u32| TierMargin { markup_ppm: Some(ppm), fee: None };
    // 7.5 millidollars by the provider, and 1,500 tokens.
    check(nothing, nothing, 7_950_000, 7_575_000);
    check(markup(100_000), nothing, 8_325_000, 7_575_000);
    check(markup(100_000), markup(0), 7_575_000, 7_575_000);
    check(TierMargin { markup_ppm: None, fee: fee("1") }, nothing, 9_375_000, 9_000_000);
    check(TierMargin { markup_ppm: None, fee: fee("1") }, markup(200_000), 10_500_000, 9_000_000);
    check(nothing, TierMargin { markup_ppm: Some(0), fee: fee("0") }, 7_500_000, 7_500_000);
}

#[test]
fn an_unknown_price_is_not_zero_and_a_tenants_own_provider_is() {
    let known = target("openai", "gpt-4o");
    let at = Timestamp::parse(DAY).unwrap();
    let fee = Margin { markup_ppm: 0, fee: PicoUsdPerToken::new(1_000) };
    let unknown = Target { known: None, ..known.clone() };
    assert_eq!(cost(&unknown, &USAGE, true, &terms(at, fee)), None);
    let mut own = (*known.provider).clone();
    (own.name, own.origin) = (ProviderName::new("own").unwrap(), Origin::Tenant);
    let own = Target { provider: Arc::new(own), known: None, ..known };
    assert_eq!(cost(&own, &USAGE, false, &terms(at, Margin::default())).unwrap().total.nano_usd(), 0);
    assert_eq!(cost(&own, &USAGE, false, &terms(at, fee)).unwrap().total.nano_usd(), 1_500);
}

#[test]
fn what_is_billed_is_the_price_of_the_moment() {
    let prices = |usd: &str| {
        let input = PicoUsdPerToken::from_usd_per_million(usd).unwrap();
        Prices { base: Rates { input, ..Rates::default() }, ..Prices::default() }
    };
    let at = |day: &str| Timestamp::parse(&format!("{day}T00:00:00Z")).unwrap();
    let target = target("openai", "gpt-4o");
    let mut model = (**target.known.as_ref().unwrap()).clone();
    model.prices = Some(prices("4"));
    model.former_prices = vec![
        FormerPrices { until: at("2026-01-01"), prices: None },
        FormerPrices { until: at("2026-06-01"), prices: Some(prices("8")) },
    ];
    let target = Target { known: Some(Arc::new(model)), ..target };
    let cases = [
        ("2025-12-31", None),
        ("2026-01-01", Some(8_000_000)),
        ("2026-05-31", Some(8_000_000)),
        ("2026-06-01", Some(4_000_000)),
        ("2027-01-01", Some(4_000_000)),
    ];
    for (day, expected) in cases {
        let cost = cost(&target, &USAGE, false, &terms(at(day), Margin::default()));
        assert_eq!(cost.map(|cost| cost.total.nano_usd()), expected, "{day}");
    }
}
