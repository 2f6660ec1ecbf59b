//! From words to an expression, by CEL's grammar.

use super::Mistake;
use super::syntax::{Kind, Operator, Syntax};
use super::token::{Token, tokens};

/// How deep parts may stand in parts.
const DEPTH_MAX: u32 = 32;

/// The most parts of an expression.
const PARTS_MAX: u32 = 1_000;

/// Reads an expression.
pub(super) fn parse(source: &str) -> Result<Syntax, Mistake> {
    let mut parser = Parser { tokens: tokens(source)?, next: 0, depth: 0, parts: 0 };
    let syntax = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(syntax),
        other => Err(parser.wrong(format!("{} is too much here", told(other)))),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: u32,
    parts: u32,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |(_, token)| token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(0, |(at, _)| *at)
    }

    fn wrong(&self, text: impl Into<String>) -> Mistake {
        Mistake { at: self.at(), text: text.into() }
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let is_there = self.peek() == wanted;
        self.next += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), Mistake> {
        if self.take(wanted) {
            return Ok(());
        }
        Err(self.wrong(format!("{} must stand here, and not {}", told(wanted), told(self.peek()))))
    }

    fn part(&mut self, at: usize, kind: Kind) -> Result<Syntax, Mistake> {
        self.parts += 1;
        if self.parts > PARTS_MAX {
            return Err(Mistake { at, text: format!("the expression has more than {PARTS_MAX} parts") });
        }
        Ok(Syntax { at, kind })
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Mistake>) -> Result<T, Mistake> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.wrong(format!("the expression nests deeper than {DEPTH_MAX}")));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn expression(&mut self) -> Result<Syntax, Mistake> {
        self.deeper(|parser| {
            let condition = parser.binary(1)?;
            if !parser.take(&Token::Question) {
                return Ok(condition);
            }
            let then = parser.binary(1)?;
            parser.expect(&Token::Colon)?;
            let otherwise = parser.expression()?;
            parser.part(condition.at, Kind::If(Box::new(condition), Box::new(then), Box::new(otherwise)))
        })
    }

    fn binary(&mut self, precedence: u8) -> Result<Syntax, Mistake> {
        let mut left = self.unary()?;
        while let Token::Operator(operator) = *self.peek() {
            if operator.precedence() < precedence {
                break;
            }
            self.next += 1;
            let right = self.deeper(|parser| parser.binary(operator.precedence() + 1))?;
            left = self.part(left.at, Kind::Binary(operator, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Syntax, Mistake> {
        let at = self.at();
        if self.take(&Token::Not) {
            let of = self.deeper(Self::unary)?;
            return self.part(at, Kind::Not(Box::new(of)));
        }
        if !self.take(&Token::Operator(Operator::Subtract)) {
            return self.member();
        }
        // The least whole number has no positive one of its size.
        if let Token::Int(number) = *self.peek() {
            let Some(number) = 0i64.checked_sub_unsigned(number) else {
                return Err(self.wrong("this number is too large"));
            };
            self.next += 1;
            let number = self.part(at, Kind::Int(number))?;
            return self.rest_of_member(number);
        }
        let of = self.deeper(Self::unary)?;
        self.part(at, Kind::Negate(Box::new(of)))
    }

    fn member(&mut self) -> Result<Syntax, Mistake> {
        let of = self.primary()?;
        self.rest_of_member(of)
    }

    fn rest_of_member(&mut self, mut of: Syntax) -> Result<Syntax, Mistake> {
        let mut links = 0;
        loop {
            links += 1;
            if links > DEPTH_MAX {
                return Err(self.wrong(format!("more than {DEPTH_MAX} fields and calls follow each other")));
            }
            if self.take(&Token::Dot) {
                let at = self.at();
                let Token::Name(name) = self.peek().clone() else {
                    return Err(self.wrong(format!("a name must follow the point, and not {}", told(self.peek()))));
                };
                self.next += 1;
                let kind = if self.take(&Token::Open) {
                    Kind::Call(Some(Box::new(of)), name, self.list(&Token::Close)?)
                } else {
                    Kind::Field(Box::new(of), name)
                };
                of = self.part(at, kind)?;
            } else if self.take(&Token::OpenList) {
                let at = of.at;
                let index = self.expression()?;
                self.expect(&Token::CloseList)?;
                of = self.part(at, Kind::Index(Box::new(of), Box::new(index)))?;
            } else {
                return Ok(of);
            }
        }
    }

    fn primary(&mut self) -> Result<Syntax, Mistake> {
        let at = self.at();
        let token = self.peek().clone();
        self.next += 1;
        let kind = match token {
            Token::Name(name) => match name.as_str() {
                "true" => Kind::Bool(true),
                "false" => Kind::Bool(false),
                "null" => Kind::Null,
                _ if self.take(&Token::Open) => Kind::Call(None, name, self.list(&Token::Close)?),
                _ => Kind::Name(name),
            },
            Token::Int(number) => match i64::try_from(number) {
                Ok(number) => Kind::Int(number),
                Err(_) => return Err(Mistake { at, text: "this number is too large".to_owned() }),
            },
            Token::Double(number) => Kind::Double(number),
            Token::Text(text) => Kind::Text(text),
            Token::Open => {
                let inner = self.expression()?;
                self.expect(&Token::Close)?;
                return Ok(inner);
            }
            Token::OpenList => Kind::List(self.list(&Token::CloseList)?),
            other => {
                self.next -= 1;
                let text = match other {
                    Token::End => "something is missing at the end".to_owned(),
                    other => format!("{} cannot stand here", told(&other)),
                };
                return Err(self.wrong(text));
            }
        };
        self.part(at, kind)
    }

    /// What stands between commas until the closing sign; a last comma may stand in a list.
    fn list(&mut self, close: &Token) -> Result<Vec<Syntax>, Mistake> {
        let mut items = Vec::new();
        loop {
            if self.take(close) {
                return Ok(items);
            }
            items.push(self.expression()?);
            if !self.take(&Token::Comma) {
                self.expect(close)?;
                return Ok(items);
            }
        }
    }
}

fn told(token: &Token) -> String {
    let sign = match token {
        Token::Name(name) => return name.clone(),
        Token::Int(_) | Token::Double(_) => return "a number".to_owned(),
        Token::Text(_) => return "a text".to_owned(),
        Token::End => return "the end".to_owned(),
        Token::Operator(operator) => operator.text(),
        Token::Not => "!",
        Token::Open => "(",
        Token::Close => ")",
        Token::OpenList => "[",
        Token::CloseList => "]",
        Token::Dot => ".",
        Token::Comma => ",",
        Token::Question => "?",
        Token::Colon => ":",
    };
    format!("{sign:?}")
}
