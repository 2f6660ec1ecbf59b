//! Which expressions cannot become true, or always are: mistakes that a policy's author wants to hear of.
//!
//! What is told is certain, but not all that is certain is told: values are compared with what a field can be at all, and
//! comparisons of one field that stand together with each other.

use super::Expression;
use super::node::{Domain, Field, Loop, Node};
use super::syntax::Operator;
use std::collections::HashMap;
use wardgate_model::nearest::nearest;

/// What is known of an expression before any request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// It depends.
    Open,
    /// It is always true.
    Always,
    /// It is never true, and why.
    Never(String),
}

/// The names of all providers that an account knows, against which names in expressions are held.
#[derive(Clone, Copy)]
pub struct Known<'k> {
    /// The names.
    pub providers: &'k [&'k str],
}

impl Expression {
    /// Whether it can be true, and false.
    #[must_use]
    pub fn truth(&self, known: Known<'_>) -> Truth {
        known.truth(self.node())
    }

    /// Why it never gives anything, if that is so.
    #[must_use]
    pub fn gives_nothing(&self, known: Known<'_>) -> Option<String> {
        known.gives_nothing(self.node())
    }

    /// Whether it gives something for every request that there is a model for.
    #[must_use]
    pub fn always_gives(&self) -> bool {
        always_gives(self.node())
    }
}

impl Known<'_> {
    fn truth(self, node: &Node) -> Truth {
        match node {
            Node::Bool(true) => Truth::Always,
            Node::Bool(false) => Truth::Never("it is false".to_owned()),
            Node::Not(of) => match self.truth(of) {
                Truth::Always => Truth::Never("what it denies is always true".to_owned()),
                Truth::Never(_) => Truth::Always,
                Truth::Open => Truth::Open,
            },
            Node::And(one, other) => match (self.truth(one), self.truth(other)) {
                (Truth::Never(why), _) | (_, Truth::Never(why)) => Truth::Never(why),
                (Truth::Always, Truth::Always) => Truth::Always,
                _ => self.together(node),
            },
            Node::Or(one, other) => match (self.truth(one), self.truth(other)) {
                (Truth::Always, _) | (_, Truth::Always) => Truth::Always,
                (Truth::Never(one), Truth::Never(other)) => Truth::Never(format!("{one}; and {other}")),
                _ => Truth::Open,
            },
            Node::If(condition, then, otherwise) => match (self.truth(condition), self.truth(then), self.truth(otherwise)) {
                (Truth::Always, then, _) => then,
                (Truth::Never(_), _, otherwise) => otherwise,
                (Truth::Open, then, otherwise) if then == otherwise => then,
                _ => Truth::Open,
            },
            Node::Loop(Loop::Exists | Loop::ExistsOne, range, _, body) => match (self.gives_nothing(range), self.truth(body)) {
                (Some(why), _) | (None, Truth::Never(why)) => Truth::Never(why),
                _ => Truth::Open,
            },
            Node::Loop(Loop::All, _, _, body) if self.truth(body) == Truth::Always => Truth::Always,
            Node::Binary(Operator::In, of, list) => self.in_list(of, list),
            Node::Binary(operator, one, other) => {
                let compared = Comparison::of(*operator, one, other);
                compared.map_or(Truth::Open, |comparison| self.compared(&comparison))
            }
            _ => Truth::Open,
        }
    }

    fn in_list(self, of: &Node, list: &Node) -> Truth {
        let (Some(field), Node::Texts(texts)) = (domain_of(of), list) else { return Truth::Open };
        let impossible: Vec<String> = texts.iter().filter_map(|text| self.never_is(of, field, text)).collect();
        if texts.is_empty() {
            Truth::Never("nothing is in an empty list".to_owned())
        } else if impossible.len() == texts.len() {
            Truth::Never(impossible.join("; "))
        } else {
            Truth::Open
        }
    }

    fn compared(self, comparison: &Comparison<'_>) -> Truth {
        match &comparison.literal {
            Literal::Text(text) => match (comparison.operator, self.never_is(comparison.of, comparison.field, text)) {
                (Operator::Equal, Some(why)) => Truth::Never(why),
                (Operator::NotEqual, Some(_)) => Truth::Always,
                _ => Truth::Open,
            },
            Literal::Number(number) => {
                let (least, most) = match comparison.field.domain {
                    Domain::Range(least, most) => (as_float(least), as_float(most)),
                    Domain::Positive => (0.0, f64::INFINITY),
                    _ => return Truth::Open,
                };
                let (is_ever, is_always) = match comparison.operator {
                    Operator::Less => (least < *number, most < *number),
                    Operator::LessOrEqual => (least <= *number, most <= *number),
                    Operator::Greater => (most > *number, least > *number),
                    Operator::GreaterOrEqual => (most >= *number, least >= *number),
                    Operator::Equal => ((least..=most).contains(number), false),
                    _ => (true, false),
                };
                match comparison.field.domain {
                    _ if !is_ever => Truth::Never(format!(
                        "{} is from {least} to {most}, and so never {} {number}",
                        path(comparison.of),
                        comparison.operator.text()
                    )),
                    // A count may be unknown, and then nothing is true of it.
                    Domain::Range(..) if is_always => Truth::Always,
                    _ => Truth::Open,
                }
            }
        }
    }

    /// Why a field is never this text, if that is so.
    fn never_is(self, of: &Node, field: &Field, text: &str) -> Option<String> {
        let of = path(of);
        match field.domain {
            Domain::Words(words) if !words().contains(&text) => {
                Some(format!("{of} is never {text:?}; it is one of {}", words().join(", ")))
            }
            Domain::Provider => self.no_provider(text).map(|near| format!("{of} is hardly {text:?}; did you mean {near:?}?")),
            _ => None,
        }
    }

    /// The built-in provider that was probably meant. An account may have its own by any other name.
    fn no_provider(self, name: &str) -> Option<String> {
        let is_known = self.providers.contains(&name);
        nearest(name, self.providers.iter().copied()).filter(|_| !is_known).map(str::to_owned)
    }

    /// Comparisons that stand together, by field: each may be true, and all of them never.
    fn together(self, node: &Node) -> Truth {
        let mut comparisons = Vec::new();
        conjuncts(node, &mut comparisons);
        let mut bounds: HashMap<String, Bounds> = HashMap::new();
        for comparison in &comparisons {
            let bounds = bounds.entry(path(comparison.of)).or_default();
            if !bounds.add(comparison) {
                return Truth::Never(format!("{} cannot be {} at once", path(comparison.of), bounds.told.join(" and ")));
            }
        }
        Truth::Open
    }

    fn gives_nothing(self, node: &Node) -> Option<String> {
        match node {
            Node::Texts(texts) if texts.is_empty() => Some("the list is empty".to_owned()),
            Node::List(items) if items.is_empty() => Some("the list is empty".to_owned()),
            Node::Loop(Loop::Filter, range, _, body) => self.gives_nothing(range).or_else(|| match self.truth(body) {
                Truth::Never(why) => Some(why),
                _ => None,
            }),
            Node::Loop(Loop::Map | Loop::SortBy, range, ..) => self.gives_nothing(range),
            Node::Call(function, arguments) => {
                let range = arguments.first()?;
                self.gives_nothing(range).or_else(|| match arguments.get(1)? {
                    Node::Texts(names) if function.name == "onlyProviders" => {
                        let near: Option<Vec<_>> = names.iter().map(|name| self.no_provider(name)).collect();
                        near.map(|near| format!("there are no such providers; did you mean {}?", near.join(", ")))
                    }
                    _ => None,
                })
            }
            Node::If(condition, then, otherwise) => match self.truth(condition) {
                Truth::Always => self.gives_nothing(then),
                Truth::Never(_) => self.gives_nothing(otherwise),
                Truth::Open => self.gives_nothing(then).filter(|_| self.gives_nothing(otherwise).is_some()),
            },
            Node::Binary(Operator::Add, one, other) => self.gives_nothing(one).filter(|_| self.gives_nothing(other).is_some()),
            _ => None,
        }
    }
}

fn always_gives(node: &Node) -> bool {
    match node {
        Node::Field(of, field) => matches!((&**of, field.name), (Node::Root(_), "models" | "keys")),
        Node::Call(function, arguments) => {
            matches!(function.name, "reverse" | "random" | "randomize" | "sortBy")
                && arguments.first().is_some_and(always_gives)
        }
        Node::Loop(Loop::SortBy, range, ..) => always_gives(range),
        Node::If(_, then, otherwise) => always_gives(then) && always_gives(otherwise),
        Node::Binary(Operator::Add, one, other) => always_gives(one) || always_gives(other),
        _ => false,
    }
}

enum Literal<'n> {
    Number(f64),
    Text(&'n str),
}

/// A field, and a literal that it is held against.
struct Comparison<'n> {
    of: &'n Node,
    field: &'static Field,
    operator: Operator,
    literal: Literal<'n>,
}

impl<'n> Comparison<'n> {
    fn of(operator: Operator, one: &'n Node, other: &'n Node) -> Option<Self> {
        if let (Some(field), Some(literal)) = (domain_of(one), literal(other)) {
            return Some(Self { of: one, field, operator, literal });
        }
        let operator = match operator {
            Operator::Less => Operator::Greater,
            Operator::LessOrEqual => Operator::GreaterOrEqual,
            Operator::Greater => Operator::Less,
            Operator::GreaterOrEqual => Operator::LessOrEqual,
            same => same,
        };
        Some(Self { of: other, field: domain_of(other)?, operator, literal: literal(one)? })
    }
}

/// What comparisons leave of a field.
struct Bounds {
    least: f64,
    /// Whether the least itself is out.
    is_above: bool,
    most: f64,
    is_below: bool,
    text: Option<String>,
    told: Vec<String>,
}

impl Default for Bounds {
    fn default() -> Self {
        let (least, most) = (f64::NEG_INFINITY, f64::INFINITY);
        Self { least, is_above: false, most, is_below: false, text: None, told: Vec::new() }
    }
}

impl Bounds {
    /// Narrows them; whether anything is left.
    fn add(&mut self, comparison: &Comparison<'_>) -> bool {
        let sign = comparison.operator.text();
        match comparison.literal {
            Literal::Text(text) => {
                if comparison.operator != Operator::Equal {
                    return true;
                }
                self.told.push(format!("{sign} {text:?}"));
                self.text.get_or_insert_with(|| text.to_owned()) == text
            }
            Literal::Number(number) => {
                self.told.push(format!("{sign} {number}"));
                let (is_least, is_most, is_out) = match comparison.operator {
                    Operator::Less => (false, true, true),
                    Operator::LessOrEqual => (false, true, false),
                    Operator::Greater => (true, false, true),
                    Operator::GreaterOrEqual => (true, false, false),
                    Operator::Equal => (true, true, false),
                    _ => return true,
                };
                if is_least && (number > self.least || number >= self.least && is_out) {
                    (self.least, self.is_above) = (number, is_out);
                }
                if is_most && (number < self.most || number <= self.most && is_out) {
                    (self.most, self.is_below) = (number, is_out);
                }
                self.least < self.most || self.least <= self.most && !self.is_above && !self.is_below
            }
        }
    }
}

fn conjuncts<'n>(node: &'n Node, comparisons: &mut Vec<Comparison<'n>>) {
    match node {
        Node::And(one, other) => {
            conjuncts(one, comparisons);
            conjuncts(other, comparisons);
        }
        Node::Binary(operator, one, other) => comparisons.extend(Comparison::of(*operator, one, other)),
        _ => {}
    }
}

fn domain_of(node: &Node) -> Option<&'static Field> {
    match node {
        Node::Field(_, field) | Node::Root(field) => Some(field),
        _ => None,
    }
}

fn literal(node: &Node) -> Option<Literal<'_>> {
    match node {
        Node::Int(number) => Some(Literal::Number(as_float(*number))),
        Node::Double(number) => Some(Literal::Number(*number)),
        Node::Text(text) => Some(Literal::Text(text)),
        _ => None,
    }
}

fn as_float(number: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "bounds of what people write")]
    let number = number as f64;
    number
}

/// A field as people write it.
fn path(node: &Node) -> String {
    match node {
        Node::Root(field) => field.name.to_owned(),
        Node::Local(_, name) => name.to_string(),
        Node::Field(of, field) => format!("{}.{}", path(of), field.name),
        Node::At(of, zone) => format!("{}.zone('{zone:?}')", path(of)),
        _ => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Expression, Item, Record, Stage, Type};
    use super::*;
    use expect_test::expect;

    fn told(source: &str) -> String {
        let known = Known { providers: &["openai", "anthropic", "mistral"] };
        let wanted = [Type::Bool, Type::List(Item::Record(Record::Model))];
        let expression = Expression::compile(source, Stage::Request, &wanted).unwrap_or_else(|error| panic!("{error:?}"));
        match (expression.truth(known), expression.gives_nothing(known), expression.always_gives()) {
            (Truth::Never(why), ..) => format!("never: {why}"),
            (Truth::Always, ..) => "always".to_owned(),
            (_, Some(why), _) => format!("nothing: {why}"),
            (_, _, true) => "always gives".to_owned(),
            _ => "open".to_owned(),
        }
    }

    #[test]
    fn what_cannot_be_is_told() {
        let cases = [
            "time.hour >= 18 && time.hour < 9",
            "time.hour >= 18 || time.hour < 9",
            "time.zone('Europe/Berlin').hour >= 18 && time.zone('UTC').hour < 9",
            "time.hour == 24",
            "24 > time.hour",
            "time.weekday == 'mon'",
            "time.weekday in ['sat', 'sun']",
            "time.weekday in ['saturday', 'sun']",
            "time.weekday == 'monday' && time.weekday == 'tuesday'",
            "request.surface == 'chat'",
            "request.estimated_input_tokens < 0",
            "request.estimated_input_tokens > 5 && request.estimated_input_tokens <= 5",
            "ai.models.filter(m, m.provider_id == 'opnai')",
            "ai.models.filter(m, m.provider_id == 'my-own')",
            "ai.models.filter(m, m.pricing.input < 0)",
            "ai.models.filter(m, m.pricing.input < 1 && m.pricing.input > 2)",
            "ai.models.onlyProviders(['antropic'])",
            "ai.models.onlyProviders(['antropic', 'openai'])",
            "ai.models.sortBy('price')",
            "random < 2.0",
            "!(random < 2.0)",
            "random < 0.05 ? ai.models.reverse() : ai.models",
            "'x' in tags && false",
        ];
        let lines: String = cases.iter().map(|case| format!("{case}  =>  {}\n", told(case))).collect();
        expect![[r#"
            time.hour >= 18 && time.hour < 9  =>  never: time.hour cannot be >= 18 and < 9 at once
            time.hour >= 18 || time.hour < 9  =>  open
            time.zone('Europe/Berlin').hour >= 18 && time.zone('UTC').hour < 9  =>  open
            time.hour == 24  =>  never: time.hour is from 0 to 23, and so never == 24
            24 > time.hour  =>  always
            time.weekday == 'mon'  =>  never: time.weekday is never "mon"; it is one of monday, tuesday, wednesday, thursday, friday, saturday, sunday
            time.weekday in ['sat', 'sun']  =>  never: time.weekday is never "sat"; it is one of monday, tuesday, wednesday, thursday, friday, saturday, sunday; time.weekday is never "sun"; it is one of monday, tuesday, wednesday, thursday, friday, saturday, sunday
            time.weekday in ['saturday', 'sun']  =>  open
            time.weekday == 'monday' && time.weekday == 'tuesday'  =>  never: time.weekday cannot be == "monday" and == "tuesday" at once
            request.surface == 'chat'  =>  never: request.surface is never "chat"; it is one of chat-completions, messages, responses, completions, embeddings, generate-content, count-tokens, gemini-count-tokens, responses-input-tokens, embed-content, batch-embed-contents, image-generations, image-edits, image-variations, speech, transcriptions, translations, moderations, rerank, cohere-rerank, voyage-rerank
            request.estimated_input_tokens < 0  =>  never: request.estimated_input_tokens is from 0 to inf, and so never < 0
            request.estimated_input_tokens > 5 && request.estimated_input_tokens <= 5  =>  never: request.estimated_input_tokens cannot be > 5 and <= 5 at once
            ai.models.filter(m, m.provider_id == 'opnai')  =>  nothing: m.provider_id is hardly "opnai"; did you mean "openai"?
            ai.models.filter(m, m.provider_id == 'my-own')  =>  open
            ai.models.filter(m, m.pricing.input < 0)  =>  nothing: m.pricing.input is from 0 to inf, and so never < 0
            ai.models.filter(m, m.pricing.input < 1 && m.pricing.input > 2)  =>  nothing: m.pricing.input cannot be < 1 and > 2 at once
            ai.models.onlyProviders(['antropic'])  =>  nothing: there are no such providers; did you mean anthropic?
            ai.models.onlyProviders(['antropic', 'openai'])  =>  open
            ai.models.sortBy('price')  =>  always gives
            random < 2.0  =>  always
            !(random < 2.0)  =>  never: what it denies is always true
            random < 0.05 ? ai.models.reverse() : ai.models  =>  always gives
            'x' in tags && false  =>  never: it is false
        "#]].assert_eq(&lines);
    }
}
