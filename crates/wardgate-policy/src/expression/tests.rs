use super::*;
use crate::credential::Credential;
use crate::testing;
use expect_test::{Expect, expect};
use std::sync::Arc;
use wardgate_core::format::Surface;
use wardgate_core::id::{AccessKeyId, AccountId, ProviderKeyId, TeamId};
use wardgate_core::time::Timestamp;
use wardgate_model::{Datacenter, resolve};
use world::{CallerFacts, KeyFacts, Lately, ModelFacts, RequestFacts};

const ANYTHING: [Type; 9] = [
    Type::List(Item::Double),
    Type::Bool,
    Type::Int,
    Type::Double,
    Type::Text,
    Type::List(Item::Text),
    Type::List(Item::Int),
    Type::List(Item::Record(Record::Model)),
    Type::Record(Record::Model),
];

/// What an expression gives in a world with three models: gpt-4o-mini, mistral-large-2512 and one of a custom provider.
fn given(source: &str) -> String {
    let expression = match Expression::compile(source, Stage::Keys, &ANYTHING) {
        Ok(expression) => expression,
        Err(mistakes) => return mistakes.iter().map(|mistake| told_at(mistake, source)).collect::<Vec<_>>().join("; "),
    };
    let overlay = testing::overlay(&[testing::custom_provider("ollama", 1, &[])]);
    let names = ["gpt-4o-mini", "mistral-large-2512", "ollama:llama3.2"];
    let mut targets: Vec<_> = names.iter().map(|name| resolve(name, &overlay).unwrap()).collect();
    Arc::make_mut(&mut Arc::make_mut(&mut targets[1]).provider).datacenters =
        vec![Datacenter { country_code: String::new(), region: "eu".to_owned() }];
    let asked: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let request = RequestFacts {
        surface: Surface::ChatCompletions,
        models: &asked,
        is_stream: true,
        output_tokens_max: None,
        input_tokens: 2_000_000,
        now: Timestamp::parse("2026-11-22T23:45:00Z").unwrap(),
        random: 1 << 63,
    };
    let tags = ["a".to_owned(), "b".to_owned()];
    let caller = CallerFacts {
        key_id: AccessKeyId::from_bytes([7; 16]),
        key_name: "ci",
        key_metadata: "",
        tags: &tags,
        team_id: TeamId::from_bytes([8; 16]),
        team_name: "research",
        account_id: AccountId::from_bytes([9; 16]),
        account_name: "acme",
    };
    let models: Vec<ModelFacts<'_>> = targets
        .iter()
        .enumerate()
        .map(|(place, target)| ModelFacts {
            target,
            place,
            is_fallback: false,
            request: &request,
            lately: Lately { target, credential: Credential::None, health: None },
        })
        .collect();
    let keys =
        [KeyFacts { credential: Credential::User(ProviderKeyId::from_bytes([1; 16])), name: "main", lately: models[0].lately }];
    let world = World { request: &request, caller: &caller, models: &models, model: models.first(), keys: &keys };
    match expression.run(&world) {
        Ok(value) => told(&value),
        Err(fault) => format!("fault: {fault}"),
    }
}

fn told_at(mistake: &Mistake, source: &str) -> String {
    let (line, column) = mistake.place(source);
    format!("{line}:{column} {}", mistake.text)
}

fn told(value: &Value<'_>) -> String {
    match value {
        Value::Bool(bool) => bool.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Double(number) => format!("{number:?}"),
        Value::Text(text) => format!("{text:?}"),
        Value::Model(model) => model.target.model.to_string(),
        Value::List(list) => format!("[{}]", list.iter().map(|value| told(&value)).collect::<Vec<_>>().join(", ")),
        other => format!("{other:?}"),
    }
}

fn check(cases: &[&str], expected: &Expect) {
    expected.assert_eq(&cases.iter().map(|case| format!("{case}  =>  {}\n", given(case))).collect::<String>());
}

#[test]
fn values_are_those_of_cel() {
    check(
        &[
            "1 + 2 * 3 - -4",
            "7 / 2 + 7 % 2",
            "-7 / 2",
            "7.0 / 2",
            "1 == 1.0 && 1 < 1.5",
            "'a' + \"b\" + r'\\n' + '''c'd'''",
            "'\\u00e4\\t'.size()",
            "size('äö') + size([1, 2])",
            "2 in [1, 2] && !('c' in tags)",
            "[1, 2, 3].filter(x, x > 1).map(x, x * 2)",
            "[1, 2, 3].exists(x, x == 2) && [1, 2].all(x, x > 0) && [1, 2].exists_one(x, x == 1)",
            "true ? 1 : 2",
            "false || true && false",
            "[1, 2] == [1, 2] && [1] != [2]",
            "[1] + [2, 3]",
            "0x1F + int(2.9) + int(-2.9)",
            "double(1) + 0.5",
            "string(12) + string(1.5)",
            "'gpt-4o'.startsWith('gpt') && 'gpt-4o'.endsWith('4o') && 'gpt-4o'.contains('-') && 'gpt-4o'.glob('gpt-*')",
            "'GPT'.lowerAscii()",
            "'b' > 'a'",
            "1 /* not a comment */ + 1",
            "1 // a comment\n + 1",
        ],
        &expect![[r#"
            1 + 2 * 3 - -4  =>  11
            7 / 2 + 7 % 2  =>  4
            -7 / 2  =>  -3
            7.0 / 2  =>  3.5
            1 == 1.0 && 1 < 1.5  =>  true
            'a' + "b" + r'\n' + '''c'd'''  =>  "ab\\nc'd"
            '\u00e4\t'.size()  =>  2
            size('äö') + size([1, 2])  =>  4
            2 in [1, 2] && !('c' in tags)  =>  true
            [1, 2, 3].filter(x, x > 1).map(x, x * 2)  =>  [4, 6]
            [1, 2, 3].exists(x, x == 2) && [1, 2].all(x, x > 0) && [1, 2].exists_one(x, x == 1)  =>  true
            true ? 1 : 2  =>  1
            false || true && false  =>  false
            [1, 2] == [1, 2] && [1] != [2]  =>  true
            [1] + [2, 3]  =>  [1, 2, 3]
            0x1F + int(2.9) + int(-2.9)  =>  31
            double(1) + 0.5  =>  1.5
            string(12) + string(1.5)  =>  "121.5"
            'gpt-4o'.startsWith('gpt') && 'gpt-4o'.endsWith('4o') && 'gpt-4o'.contains('-') && 'gpt-4o'.glob('gpt-*')  =>  true
            'GPT'.lowerAscii()  =>  "gpt"
            'b' > 'a'  =>  true
            1 /* not a comment */ + 1  =>  1:4 "*" cannot stand here
            1 // a comment
             + 1  =>  2
        "#]],
    );
}

#[test]
fn the_world_can_be_asked() {
    check(
        &[
            "ai.models.map(m, m.id)",
            "ai.models.map(m, m.provider_id + ' ' + m.author_id + ' ' + m.slug)",
            "ai.providers + ai.authors",
            "ai.models.filter(m, m.custom || !m.known).map(m, m.display_name)",
            "ai.models.filter(m, m.max_context_window > 0).size()",
            "ai.models.filter(m, !has(m.max_context_window)).map(m, m.id)",
            "ai.models.map(m, m.pricing.input)",
            "ai.models.map(m, m.estimated_cost)",
            "ai.models.underCost('text.input', 0.2)",
            "ai.models.sortBy(m, m.pricing.output).map(m, m.id)",
            "ai.models.sortBy(m, -m.pricing.output).map(m, m.id)",
            "ai.models.reverse()",
            "ai.models.inRegion('eu') + ai.models.inCountryCode('DE')",
            "ai.models.only(['openai/gpt-4o-mini', 'ollama:llama3.2'])",
            "ai.models.ignore(['GPT-4o-mini']).ignoreProviders(['ollama'])",
            "ai.models.onlyAuthors(['mistral'])",
            "ai.models.get('mistral', 'mistral-large-2512')",
            "ai.models.get('mistral', 'nothing')",
            "ai.models.random() in ai.models",
            "ai.models.randomize().size()",
            "ai.models.filter(m, m.fits)",
            "ai.models.filter(m, 'image' in m.input_modalities && 'tools' in m.supported_features).map(m, m.id)",
            "ai.models.map(m, m.data_training_policy)",
            "request.surface + request.model + string(request.estimated_input_tokens)",
            "request.stream && !has(request.max_output_tokens) && request.models.size() == 3",
            "key.name + team.name + account.name + key.tags[1]",
            "time.date + ' ' + time.weekday + ' ' + time.zone('Asia/Tokyo').date",
            "time.hour * 100 + time.zone('Asia/Kolkata').minute",
            "random == 0.5",
            "ai.keys.map(k, k.name)",
            "model.id",
        ],
        &expect![[r#"
            ai.models.map(m, m.id)  =>  ["gpt-4o-mini", "mistral-large-2512", "llama3.2"]
            ai.models.map(m, m.provider_id + ' ' + m.author_id + ' ' + m.slug)  =>  1:11 the expression may take 18820 steps, and at most 5000 are allowed; nest fewer loops
            ai.providers + ai.authors  =>  ["mistral", "ollama", "openai", "mistralai", "openai"]
            ai.models.filter(m, m.custom || !m.known).map(m, m.display_name)  =>  ["llama3.2"]
            ai.models.filter(m, m.max_context_window > 0).size()  =>  2
            ai.models.filter(m, !has(m.max_context_window)).map(m, m.id)  =>  ["llama3.2"]
            ai.models.map(m, m.pricing.input)  =>  [0.15, 0.5, NaN]
            ai.models.map(m, m.estimated_cost)  =>  [0.3006144, 1.001536, NaN]
            ai.models.underCost('text.input', 0.2)  =>  [gpt-4o-mini]
            ai.models.sortBy(m, m.pricing.output).map(m, m.id)  =>  ["gpt-4o-mini", "mistral-large-2512", "llama3.2"]
            ai.models.sortBy(m, -m.pricing.output).map(m, m.id)  =>  ["mistral-large-2512", "gpt-4o-mini", "llama3.2"]
            ai.models.reverse()  =>  [llama3.2, mistral-large-2512, gpt-4o-mini]
            ai.models.inRegion('eu') + ai.models.inCountryCode('DE')  =>  [mistral-large-2512]
            ai.models.only(['openai/gpt-4o-mini', 'ollama:llama3.2'])  =>  [gpt-4o-mini, llama3.2]
            ai.models.ignore(['GPT-4o-mini']).ignoreProviders(['ollama'])  =>  [mistral-large-2512]
            ai.models.onlyAuthors(['mistral'])  =>  []
            ai.models.get('mistral', 'mistral-large-2512')  =>  mistral-large-2512
            ai.models.get('mistral', 'nothing')  =>  fault: a list has no such item
            ai.models.random() in ai.models  =>  true
            ai.models.randomize().size()  =>  3
            ai.models.filter(m, m.fits)  =>  []
            ai.models.filter(m, 'image' in m.input_modalities && 'tools' in m.supported_features).map(m, m.id)  =>  ["gpt-4o-mini", "mistral-large-2512"]
            ai.models.map(m, m.data_training_policy)  =>  ["no", "unknown", "unknown"]
            request.surface + request.model + string(request.estimated_input_tokens)  =>  "chat-completionsgpt-4o-mini2000000"
            request.stream && !has(request.max_output_tokens) && request.models.size() == 3  =>  true
            key.name + team.name + account.name + key.tags[1]  =>  "ciresearchacmeb"
            time.date + ' ' + time.weekday + ' ' + time.zone('Asia/Tokyo').date  =>  "2026-11-22 sunday 2026-11-23"
            time.hour * 100 + time.zone('Asia/Kolkata').minute  =>  2315
            random == 0.5  =>  true
            ai.keys.map(k, k.name)  =>  ["main"]
            model.id  =>  "gpt-4o-mini"
        "#]],
    );
}

#[test]
fn faults_are_told_and_absorbed_as_in_cel() {
    check(
        &[
            "1 / 0 == 1",
            "1 / 0 == 1 || true",
            "true || 1 / 0 == 1",
            "1 / 0 == 1 && false",
            "1 / 0 == 1 && true",
            "9223372036854775807 + 1",
            "[1, 2].exists(x, 1 / (x - 1) == 1)",
            "[1, 2].all(x, 1 / (x - 1) == 7)",
            "tags[2]",
            "tags[-1]",
        ],
        &expect![[r#"
            1 / 0 == 1  =>  fault: a number was divided by zero
            1 / 0 == 1 || true  =>  true
            true || 1 / 0 == 1  =>  true
            1 / 0 == 1 && false  =>  false
            1 / 0 == 1 && true  =>  fault: a number was divided by zero
            9223372036854775807 + 1  =>  fault: a number became too large
            [1, 2].exists(x, 1 / (x - 1) == 1)  =>  true
            [1, 2].all(x, 1 / (x - 1) == 7)  =>  false
            tags[2]  =>  fault: a list has no such item
            tags[-1]  =>  fault: a list has no such item
        "#]],
    );
}

#[test]
fn every_mistake_is_told_with_its_place() {
    check(
        &[
            "",
            "ai.models.",
            "ai.models.filter(m, m.idd == 'x' &&\n  m.provider = 'y')",
            "ai.modells.filter(m, m.id == 1) || foo",
            "ai.models.filter(m, m.idd == 'x' || m.prise < 3)",
            "1 + 'a'",
            "'a' < 1",
            "true + 1",
            "ai.models.underCost('text.in', 3)",
            "ai.models.fliter(m, true)",
            "'x'.matches('y')",
            "ai.models.filter(true)",
            "has(1)",
            "null == 1",
            "{'a': 1}",
            "1u",
            "b'x'",
            "'open",
            "time.zone('Europe/Bonn').hour",
            "time.zone(team.name).hour",
            "[1, 'a']",
            "[[1]]",
            "ai.models.map(m, [m])",
            "m.id",
            "ai.keys.map(k, k.value)",
            "ai.models.map(m, m.quantization)",
            "ai.models.map(m, m.metrics.global)",
            "ai.models.sortBy(m, m)",
            "ai",
            "1 if",
            "1 & 2",
        ],
        &expect![[r#"
              =>  1:1 something is missing at the end
            ai.models.  =>  1:11 a name must follow the point, and not the end
            ai.models.filter(m, m.idd == 'x' &&
              m.provider = 'y')  =>  2:14 one = is no comparison; write ==
            ai.modells.filter(m, m.id == 1) || foo  =>  1:4 ai has no field modells; did you mean models?; 1:36 foo is not known here; known: ai, request, key, team, account, tags, time, random, model
            ai.models.filter(m, m.idd == 'x' || m.prise < 3)  =>  1:23 a model has no field idd; did you mean id?; 1:39 a model has no field prise; known: id, provider_id, author_id, slug, display_name, id_aliases, known, custom, fallback, max_context_window, max_output_tokens, input_modalities, output_modalities, supported_features, data_training_policy, data_retention_policy, pricing, estimated_cost, free, metrics, fits, datacenters
            1 + 'a'  =>  1:5 + needs numbers, and this is a text
            'a' < 1  =>  1:1 what is compared must be of one type, and are a text and a whole number
            true + 1  =>  1:1 + needs numbers, and this is true or false
            ai.models.underCost('text.in', 3)  =>  1:21 underCost takes one of text.input, text.output, text.input_cache_read, text.input_cache_write here, and not "text.in"
            ai.models.fliter(m, true)  =>  1:11 there is no function fliter; did you mean filter?
            'x'.matches('y')  =>  1:5 there is no function matches; write glob('gpt-4*')
            ai.models.filter(true)  =>  1:11 write filter(x, …), where x is a name for each item
            has(1)  =>  1:1 write has(thing.field)
            null == 1  =>  1:1 null is not known here; ask has(…) whether something is known
            {'a': 1}  =>  1:1 maps are not known here
            1u  =>  1:1 unsigned numbers are not known here; leave the u out
            b'x'  =>  1:1 bytes are not known here; write a text
            'open  =>  1:1 a text is not closed: its quote is missing
            time.zone('Europe/Bonn').hour  =>  1:11 "Europe/Bonn" is no zone of time; write one as Europe/Berlin or UTC
            time.zone(team.name).hour  =>  1:6 write the zone out, as in time.zone('Europe/Berlin')
            [1, 'a']  =>  1:5 the items of a list must be of one type, and are a text and a whole number
            [[1]]  =>  1:1 lists do not stand in lists here
            ai.models.map(m, [m])  =>  1:18 lists do not stand in lists here
            m.id  =>  1:1 m is not known here; did you mean ai?
            ai.keys.map(k, k.value)  =>  1:18 a provider key has no field value; what a key opens is never shown
            ai.models.map(m, m.quantization)  =>  1:20 a model has no field quantization; this gateway does not know that of a model
            ai.models.map(m, m.metrics.global)  =>  1:28 metrics has no field global; each gateway measures for itself, each model with each key: write endpoint
            ai.models.sortBy(m, m)  =>  1:21 a model cannot be sorted by; give a number or a text
            ai  =>  1:1 the expression gives ai, and must give a list of numbers or true or false or a whole number or a number or a text or a list of texts or a list of numbers or a list of models or a model
            1 if  =>  1:3 if is a reserved word
            1 & 2  =>  1:3 write && and ||
        "#]],
    );
}

#[test]
fn what_would_take_too_long_is_refused() {
    let plus = ["key.metadata"; 8].join(" + ");
    let deep = format!("{}1{}", "(".repeat(40), ")".repeat(40));
    check(
        &[
            "ai.models.all(a, ai.models.all(b, ai.models.all(c, a.id == b.id)))",
            "ai.models.exists(a, ai.models.exists(b, a.id == b.id))",
            "ai.models.map(a, ai.models.size())",
            "ai.models.filter(m, key.metadata.contains('x')).size()",
            &plus,
        ],
        &expect![[r#"
            ai.models.all(a, ai.models.all(b, ai.models.all(c, a.id == b.id)))  =>  1:11 the expression may take 48300548 steps, and at most 5000 are allowed; nest fewer loops
            ai.models.exists(a, ai.models.exists(b, a.id == b.id))  =>  1:11 the expression may take 377348 steps, and at most 5000 are allowed; nest fewer loops
            ai.models.map(a, ai.models.size())  =>  [3, 3, 3]
            ai.models.filter(m, key.metadata.contains('x')).size()  =>  1:49 the expression may take 33542 steps, and at most 5000 are allowed; nest fewer loops
            key.metadata + key.metadata + key.metadata + key.metadata + key.metadata + key.metadata + key.metadata + key.metadata  =>  1:5 what comes of this may have a size of 81920, and 65536 is allowed; 1:5 what comes of this may have a size of 98304, and 65536 is allowed; 1:5 what comes of this may have a size of 114688, and 65536 is allowed; 1:5 what comes of this may have a size of 131072, and 65536 is allowed; 1:5 the expression may take 9005 steps, and at most 5000 are allowed; nest fewer loops
        "#]],
    );
    assert!(given(&deep).contains("nests deeper"), "{}", given(&deep));
    let many = format!("[{}]", vec!["1"; 1_001].join(","));
    assert!(given(&many).contains("parts") || given(&many).contains("bytes"));
    assert!(given(&" ".repeat(3_000)).contains("bytes"));
}

/// Words that expressions are made of, and some that they are not.
const WORDS: [&str; 40] = [
    "ai.models",
    ".filter(m, ",
    ".sortBy('price')",
    ".all(x, ",
    "m.id",
    "m.pricing.input",
    "tags",
    "time",
    ".hour",
    "random",
    "(",
    ")",
    "[",
    "]",
    ",",
    "'a'",
    "\"b",
    "1",
    "2.5",
    "9223372036854775807",
    "-",
    "!",
    "&&",
    "||",
    "==",
    "<",
    "in",
    "?",
    ":",
    "+",
    "/",
    "%",
    "has(",
    "request.model",
    ".size()",
    ".zone('Europe/Berlin')",
    "é",
    "{",
    "=",
    " ",
];

/// Expressions most of which mean something.
fn sensible() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    const ATOMS: [&str; 6] =
        ["time.hour >= 9", "'a' in tags", "request.stream", "random < 0.5", "1 / (time.hour - 23) == 1", "tags[1] == key.name"];
    proptest::sample::select(&ATOMS[..]).prop_map(str::to_owned).prop_recursive(6, 40, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} && {other})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} || !({other}))")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(when, one, other)| format!("({when} ? {one} : {other})")),
            inner.clone().prop_map(|inner| format!("ai.models.exists(m, m.fits || {inner})")),
            inner.prop_map(|inner| format!("(ai.models.filter(m, {inner}).map(m, m.id + m.slug).size() < 2)")),
        ]
    })
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(words in proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..40), other in ".{0,80}") {
        for source in [words.concat(), other] {
            if let Err(mistakes) = Expression::compile(&source, Stage::Request, &ANYTHING) {
                proptest::prop_assert!(!mistakes.is_empty());
                for mistake in mistakes {
                    let (line, column) = mistake.place(&source);
                    proptest::prop_assert!(line >= 1 && column >= 1 && line <= source.lines().count().max(1) + 1, "{source:?}");
                }
            }
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_is_accepted_ends_within_its_steps(source in sensible()) {
        let told = given(&source);
        // What was accepted is true, false or a fault of its own, and never too long: its steps were reckoned before.
        let is_refused = told.contains("steps, and at most") || told.contains("nests deeper") || told.contains("characters") || told.contains("bytes");
        let is_bug = [Fault::TooMuch, Fault::Type].iter().any(|fault| told == format!("fault: {fault}"));
        let is_fault = told.starts_with("fault: ") && !is_bug;
        proptest::prop_assert!(told == "true" || told == "false" || is_fault || is_refused, "{source}  =>  {told}");
    }
}
