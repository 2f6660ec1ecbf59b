//! From an expression as it was written to one that can be run: names are looked up, types compared, and the worst case reckoned.

use super::fields;
use super::functions::{FUNCTIONS, Function, Gives, Size};
use super::node::{Field, Loop, Node};
use super::syntax::{Kind, Operator, Syntax};
use super::types::{Item, Record, Type};
use super::{Mistake, STEPS_MAX};
use wardgate_core::zone::Zone;
use wardgate_model::nearest::nearest;

/// When an expression is run, and so what it sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Of a request: the models that could answer it.
    Request,
    /// Of a model: its provider keys, too.
    Keys,
    /// Of a call that is about to be made.
    Call,
}

impl Stage {
    /// The most steps of an expression of this stage: of a model, or of a call, there are many in a request.
    const fn steps_max(self) -> u64 {
        match self {
            Self::Request => STEPS_MAX as u64,
            Self::Keys | Self::Call => STEPS_MAX as u64 / 10,
        }
    }
}

/// The largest text or list that may come about, in bytes or items.
const SIZE_MAX: u64 = 65_536;

/// The most mistakes that are told of one expression.
const MISTAKES_MAX: usize = 10;

/// Checks an expression. What comes with it is the most steps that it takes.
pub(super) fn check(syntax: &Syntax, stage: Stage, wanted: &[Type]) -> Result<(Node, u64), Vec<Mistake>> {
    let mut checker = Checker { stage, locals: Vec::new(), mistakes: Vec::new() };
    let checked = checker.part(syntax);
    if !wanted.iter().any(|wanted| checked.gives.fits(*wanted)) {
        let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        checker.tell(syntax.at, format!("the expression gives {}, and must give {}", checked.gives, wanted.join(" or ")));
    }
    if checked.steps > stage.steps_max() {
        let (steps, most) = (checked.steps, stage.steps_max());
        let text = format!("the expression may take {steps} steps, and at most {most} are allowed; nest fewer loops");
        checker.tell(syntax.at, text);
    }
    if checker.mistakes.is_empty() {
        return Ok((checked.node, checked.steps));
    }
    checker.mistakes.sort_by_key(|mistake| mistake.at);
    Err(checker.mistakes)
}

struct Checker<'s> {
    stage: Stage,
    locals: Vec<(&'s str, Type, Size)>,
    mistakes: Vec<Mistake>,
}

/// A part that was checked.
struct Checked {
    node: Node,
    gives: Type,
    /// The most steps it takes.
    steps: u64,
    size: Size,
}

impl Checked {
    fn broken() -> Self {
        Self { node: Node::Bool(false), gives: Type::Broken, steps: 1, size: Size::default() }
    }

    fn boxed(self) -> Box<Node> {
        Box::new(self.node)
    }
}

/// A part without parts.
const fn leaf(node: Node, gives: Type, size: u64) -> Checked {
    Checked { node, gives, steps: 1, size: Size { size, item: 0 } }
}

impl<'s> Checker<'s> {
    fn tell(&mut self, at: usize, text: impl Into<String>) {
        if self.mistakes.len() < MISTAKES_MAX {
            self.mistakes.push(Mistake { at, text: text.into() });
        }
    }

    fn broken(&mut self, at: usize, text: impl Into<String>) -> Checked {
        self.tell(at, text);
        Checked::broken()
    }

    fn part(&mut self, syntax: &'s Syntax) -> Checked {
        match &syntax.kind {
            Kind::Bool(bool) => leaf(Node::Bool(*bool), Type::Bool, 0),
            Kind::Int(number) => leaf(Node::Int(*number), Type::Int, 0),
            Kind::Double(number) => leaf(Node::Double(*number), Type::Double, 0),
            Kind::Text(text) => leaf(Node::Text(text.as_str().into()), Type::Text, text.len() as u64),
            Kind::Null => self.broken(syntax.at, "null is not known here; ask has(…) whether something is known"),
            Kind::Name(name) => self.name(syntax.at, name),
            Kind::Field(of, name) => {
                let of = self.part(of);
                match self.field(syntax.at, &of, name) {
                    Some(field) => reading(Node::Field, of, field, field.gives),
                    None => Checked::broken(),
                }
            }
            Kind::Index(of, index) => self.index(syntax.at, of, index),
            Kind::List(items) => self.list(syntax.at, items),
            Kind::Not(of) => {
                let of = self.wanted(of, Type::Bool);
                Checked { steps: of.steps + 1, gives: Type::Bool, size: Size::default(), node: Node::Not(of.boxed()) }
            }
            Kind::Negate(of) => {
                let checked = self.part(of);
                if !checked.gives.is_number() {
                    self.tell(of.at, format!("- needs a number, and this is {}", checked.gives));
                }
                let (gives, steps) = (checked.gives, checked.steps + 1);
                Checked { steps, gives, size: Size::default(), node: Node::Negate(checked.boxed()) }
            }
            Kind::Binary(operator, one, other) => self.binary(syntax.at, *operator, one, other),
            Kind::If(condition, then, otherwise) => {
                let condition = self.wanted(condition, Type::Bool);
                let (one, other) = (self.part(then), self.part(otherwise));
                let gives = self.common(syntax.at, one.gives, other.gives, "the two sides of a choice");
                Checked {
                    steps: condition.steps + one.steps.max(other.steps) + 1,
                    gives,
                    size: larger(one.size, other.size),
                    node: Node::If(condition.boxed(), one.boxed(), other.boxed()),
                }
            }
            Kind::Call(None, name, arguments) if name == "has" => self.has(syntax.at, arguments),
            Kind::Call(None, name, arguments) if name == "size" && arguments.len() == 1 => {
                self.call(syntax.at, name, Some(&arguments[0]), &[])
            }
            Kind::Call(Some(of), name, arguments) => match (Loop::named(name), arguments.as_slice()) {
                (Some(kind), [Syntax { kind: Kind::Name(local), .. }, body]) => self.each(syntax.at, kind, of, local, body),
                (Some(Loop::SortBy), [_]) | (None, _) => self.call(syntax.at, name, Some(of), arguments),
                (Some(_), _) => self.broken(syntax.at, format!("write {name}(x, …), where x is a name for each item")),
            },
            Kind::Call(None, name, arguments) => self.call(syntax.at, name, None, arguments),
        }
    }

    /// A part that must be of a type.
    fn wanted(&mut self, syntax: &'s Syntax, wanted: Type) -> Checked {
        let checked = self.part(syntax);
        if !checked.gives.fits(wanted) {
            self.tell(syntax.at, format!("{wanted} must stand here, and this is {}", checked.gives));
        }
        checked
    }

    /// The type that two can be taken for.
    fn common(&mut self, at: usize, one: Type, other: Type, what: &str) -> Type {
        if one.fits(other) && one != Type::Broken {
            other
        } else if other.fits(one) {
            one
        } else {
            self.tell(at, format!("{what} must be of one type, and are {one} and {other}"));
            Type::Broken
        }
    }

    fn name(&mut self, at: usize, name: &str) -> Checked {
        if let Some((index, (_, gives, size))) = self.locals.iter().enumerate().rev().find(|(_, (local, ..))| *local == name) {
            return Checked { node: Node::Local(index, name.into()), gives: *gives, steps: 1, size: *size };
        }
        let Some(field) = fields::ROOTS.iter().find(|field| field.name == name) else {
            let names = fields::ROOTS.iter().map(|field| field.name).chain(self.locals.iter().map(|(name, ..)| *name));
            let hint = match nearest(name, names) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("known: {}", names_of(&fields::ROOTS)),
            };
            return self.broken(at, format!("{name} is not known here; {hint}"));
        };
        if name == "model" && self.stage == Stage::Request {
            return self.broken(at, "model is known in key_selection and transform only; here all models are in ai.models");
        }
        Checked { node: Node::Root(field), gives: field.gives, steps: 1, size: size_of(field) }
    }

    fn field(&mut self, at: usize, of: &Checked, name: &str) -> Option<&'static Field> {
        let record = match of.gives {
            Type::Record(record) => record,
            Type::Broken => return None,
            other => {
                self.tell(at, format!("{other} has no field {name}"));
                return None;
            }
        };
        let known = fields::of(record);
        let Some(field) = known.iter().find(|field| field.name == name) else {
            let hint = match (record, name) {
                (Record::Model, "quantization" | "parameter_count" | "data_retention_days") => {
                    "this gateway does not know that of a model".to_owned()
                }
                (Record::Metrics, "global" | "region" | "account") => {
                    "each gateway measures for itself, each model with each key: write endpoint".to_owned()
                }
                (Record::Key, "value") => "what a key opens is never shown".to_owned(),
                _ => match nearest(name, known.iter().map(|field| field.name)) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("known: {}", names_of(known)),
                },
            };
            self.tell(at, format!("{} has no field {name}; {hint}", record.name()));
            return None;
        };
        if record == Record::Ai && name == "keys" && self.stage != Stage::Keys {
            self.tell(at, "ai.keys is known in key_selection only");
            return None;
        }
        Some(field)
    }

    fn has(&mut self, at: usize, arguments: &'s [Syntax]) -> Checked {
        let [Syntax { kind: Kind::Field(of, name), at: field_at }] = arguments else {
            return self.broken(at, "write has(thing.field)");
        };
        let of = self.part(of);
        match self.field(*field_at, &of, name) {
            Some(field) => Checked { size: Size::default(), ..reading(Node::Has, of, field, Type::Bool) },
            None => Checked::broken(),
        }
    }

    fn index(&mut self, at: usize, of: &'s Syntax, index: &'s Syntax) -> Checked {
        let (checked, index) = (self.part(of), self.wanted(index, Type::Int));
        let gives = match checked.gives {
            Type::List(item) => item.as_type(),
            Type::Broken => Type::Broken,
            other => return self.broken(at, format!("{other} has no items")),
        };
        let size = Size { size: checked.size.item, item: 0 };
        Checked { steps: checked.steps + index.steps + 1, gives, size, node: Node::Index(checked.boxed(), index.boxed()) }
    }

    fn list(&mut self, at: usize, items: &'s [Syntax]) -> Checked {
        let mut gives = Item::Nothing;
        let (mut nodes, mut steps, mut bytes) = (Vec::with_capacity(items.len()), 1, 0);
        for item in items {
            let checked = self.part(item);
            steps += checked.steps;
            bytes = checked.size.size.max(bytes);
            match checked.gives.item() {
                Some(Item::Nothing) => {}
                Some(of_item) if gives == Item::Nothing => gives = of_item,
                Some(of_item) => {
                    let common = self.common(item.at, of_item.as_type(), gives.as_type(), "the items of a list");
                    gives = common.item().filter(|item| *item != Item::Nothing).unwrap_or(gives);
                }
                None => self.tell(at, "lists do not stand in lists here"),
            }
            nodes.push(checked.node);
        }
        let size = Size { size: items.len() as u64, item: bytes };
        let texts: Option<Vec<String>> = nodes
            .iter()
            .map(|node| match node {
                Node::Text(text) => Some(text.to_string()),
                _ => None,
            })
            .collect();
        let node = texts.map_or_else(|| Node::List(nodes), Node::Texts);
        Checked { node, gives: Type::List(gives), steps, size }
    }

    fn binary(&mut self, at: usize, operator: Operator, one: &'s Syntax, other: &'s Syntax) -> Checked {
        if matches!(operator, Operator::And | Operator::Or) {
            let (one, other) = (self.wanted(one, Type::Bool), self.wanted(other, Type::Bool));
            let node = if operator == Operator::And { Node::And } else { Node::Or };
            let steps = one.steps + other.steps + 1;
            return Checked { steps, gives: Type::Bool, size: Size::default(), node: node(one.boxed(), other.boxed()) };
        }
        let (left, right) = (self.part(one), self.part(other));
        let (gives, steps, size) = match operator {
            Operator::In => {
                match right.gives {
                    Type::List(item) if left.gives.fits(item.as_type()) || item.as_type().fits(left.gives) => {}
                    Type::Broken => {}
                    Type::List(_) => self.tell(at, format!("{} is never in {}", left.gives, right.gives)),
                    gives => self.tell(other.at, format!("a list must stand after in, and this is {gives}")),
                }
                (Type::Bool, (right.size.size + 1) * (1 + right.size.item / 64), Size::default())
            }
            Operator::Equal | Operator::NotEqual => {
                self.common(at, left.gives, right.gives, "what is compared");
                let size = left.size.size.min(right.size.size);
                let steps = match left.gives {
                    Type::List(_) => 1 + size * (1 + left.size.item.min(right.size.item) / 64),
                    _ => 1 + size / 64,
                };
                (Type::Bool, steps, Size::default())
            }
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                let common = self.common(at, left.gives, right.gives, "what is compared");
                if matches!(common, Type::Record(_) | Type::List(_)) {
                    self.tell(at, format!("{common} is neither more nor less than another"));
                }
                (Type::Bool, 1, Size::default())
            }
            Operator::Add if matches!((left.gives, right.gives), (Type::Text, Type::Text) | (Type::List(_), Type::List(_))) => {
                let gives = self.common(at, left.gives, right.gives, "what is added");
                let size = Size { size: left.size.size + right.size.size, item: left.size.item.max(right.size.item) };
                if size.size > SIZE_MAX {
                    self.tell(at, format!("what comes of this may have a size of {}, and {SIZE_MAX} is allowed", size.size));
                }
                let bytes_a_step = if gives == Type::Text { 64 } else { 1 };
                (gives, 2 + size.size / bytes_a_step, size)
            }
            _ => {
                for (side, checked) in [(one, &left), (other, &right)] {
                    if !checked.gives.is_number() {
                        self.tell(side.at, format!("{} needs numbers, and this is {}", operator.text(), checked.gives));
                    }
                }
                let is_whole = left.gives == Type::Int && right.gives == Type::Int;
                if operator == Operator::Remainder && !is_whole {
                    self.tell(at, "% needs whole numbers");
                }
                (if is_whole { Type::Int } else { Type::Double }, 1, Size::default())
            }
        };
        let steps = steps + left.steps + right.steps + 1;
        Checked { steps, gives, size, node: Node::Binary(operator, left.boxed(), right.boxed()) }
    }

    fn each(&mut self, at: usize, kind: Loop, of: &'s Syntax, local: &'s str, body: &'s Syntax) -> Checked {
        let range = self.part(of);
        let item = match range.gives {
            Type::List(item) => item,
            Type::Broken => return Checked::broken(),
            other => return self.broken(at, format!("a list must stand before the point, and this is {other}")),
        };
        self.locals.push((local, item.as_type(), Size { size: range.size.item, item: 0 }));
        let index = self.locals.len() - 1;
        let checked = match kind {
            Loop::Map | Loop::SortBy => self.part(body),
            _ => self.wanted(body, Type::Bool),
        };
        self.locals.pop();
        let rounds = range.size.size;
        let (gives, size) = match kind {
            Loop::All | Loop::Exists | Loop::ExistsOne => (Type::Bool, Size::default()),
            Loop::Filter | Loop::SortBy => (range.gives, range.size),
            Loop::Map => match checked.gives.item() {
                Some(item) => (Type::List(item), Size { size: rounds, item: checked.size.size }),
                None => return self.broken(body.at, "lists do not stand in lists here"),
            },
        };
        if kind == Loop::SortBy && matches!(checked.gives, Type::Record(_) | Type::List(_)) {
            self.tell(body.at, format!("{} cannot be sorted by; give a number or a text", checked.gives));
        }
        let own = if kind == Loop::SortBy { 8 * rounds } else { 0 };
        let steps = range.steps + rounds * checked.steps + own + 1;
        let node = Node::Loop(kind, range.boxed(), index, checked.boxed());
        Checked { node, gives, steps, size }
    }

    fn call(&mut self, at: usize, name: &str, of: Option<&'s Syntax>, arguments: &'s [Syntax]) -> Checked {
        let receiver = of.map(|of| self.part(of));
        let mut named = FUNCTIONS.iter().filter(|function| function.name == name).peekable();
        if named.peek().is_none() && name != "zone" {
            let loops = ["filter", "map", "all", "exists", "exists_one", "sortBy", "has", "zone"];
            let names = FUNCTIONS.iter().map(|function| function.name).chain(loops);
            let hint = match (name, nearest(name, names)) {
                ("matches", _) => "; write glob('gpt-4*')".to_owned(),
                (_, Some(near)) => format!("; did you mean {near}?"),
                _ => String::new(),
            };
            return self.broken(at, format!("there is no function {name}{hint}"));
        }
        let given: Vec<Checked> = arguments.iter().map(|argument| self.part(argument)).collect();
        if receiver.as_ref().is_some_and(|receiver| receiver.gives == Type::Broken) {
            return Checked::broken();
        }
        if let (Some(Checked { gives: Type::Record(Record::Time), .. }), "zone") = (&receiver, name) {
            return self.zone(at, receiver, arguments);
        }
        let is_for = |function: &&Function| match (&function.receiver, &receiver) {
            (None, None) => true,
            (Some(wanted), Some(there)) => wanted.takes(there.gives),
            _ => false,
        };
        let told: Vec<_> =
            named.clone().map(|function| function.receiver.map_or("no thing", |receiver| receiver.told())).collect();
        let Some(function) = named.find(is_for) else {
            let before = receiver.map_or_else(|| "nothing".to_owned(), |receiver| receiver.gives.to_string());
            return self.broken(at, format!("{name} is for {}, and {before} stands before it", told.join(" and ")));
        };
        let counts = function.arguments.len() - function.optional..=function.arguments.len();
        if !counts.contains(&given.len()) {
            let text = format!("{name} takes {} arguments, and {} are given", function.arguments.len(), given.len());
            return self.broken(at, text);
        }
        for ((argument, checked), wanted) in arguments.iter().zip(&given).zip(function.arguments) {
            if !checked.gives.fits(*wanted) {
                self.tell(argument.at, format!("{name} takes {wanted} here, and this is {}", checked.gives));
            }
        }
        if let (Some(Node::Text(word)), false) = (given.first().map(|first| &first.node), function.words.is_empty())
            && !function.words.contains(&&**word)
        {
            self.tell(arguments[0].at, format!("{name} takes one of {} here, and not {word:?}", function.words.join(", ")));
        }
        let all: Vec<Checked> = receiver.into_iter().chain(given).collect();
        let gives = match (function.gives, all[0].gives) {
            (Gives::A(gives), _) => gives,
            (Gives::Same, gives) => gives,
            (Gives::Item, Type::List(item)) => item.as_type(),
            (Gives::Item, _) => Type::Broken,
        };
        let sizes: Vec<Size> = all.iter().map(|one| one.size).collect();
        let (own, size) = (function.bound)(&sizes);
        let steps = own + 1 + all.iter().map(|one| one.steps).sum::<u64>();
        Checked { node: Node::Call(function, all.into_iter().map(|one| one.node).collect()), gives, steps, size }
    }

    fn zone(&mut self, at: usize, of: Option<Checked>, arguments: &'s [Syntax]) -> Checked {
        let [Syntax { kind: Kind::Text(name), at: name_at }] = arguments else {
            return self.broken(at, "write the zone out, as in time.zone('Europe/Berlin')");
        };
        let (Some(of), Some(zone)) = (of, Zone::named(name)) else {
            return self.broken(*name_at, format!("{name:?} is no zone of time; write one as Europe/Berlin or UTC"));
        };
        let steps = of.steps + 1;
        Checked { node: Node::At(of.boxed(), zone), gives: Type::Record(Record::Time), steps, size: Size::default() }
    }
}

fn reading(node: fn(Box<Node>, &'static Field) -> Node, of: Checked, field: &'static Field, gives: Type) -> Checked {
    Checked { steps: of.steps + field.steps + 1, gives, size: size_of(field), node: node(of.boxed(), field) }
}

const fn size_of(field: &Field) -> Size {
    match field.gives {
        Type::Text | Type::List(_) => Size { size: field.size_max, item: field.item_bytes_max },
        _ => Size { size: 0, item: 0 },
    }
}

fn larger(one: Size, other: Size) -> Size {
    Size { size: one.size.max(other.size), item: one.item.max(other.item) }
}

fn names_of(fields: &[Field]) -> String {
    fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
}
