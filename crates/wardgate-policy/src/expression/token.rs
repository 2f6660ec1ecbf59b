//! The words of an expression.

use super::Mistake;
use super::syntax::Operator;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Int(u64),
    Double(f64),
    Text(String),
    Operator(Operator),
    Not,
    Open,
    Close,
    OpenList,
    CloseList,
    Dot,
    Comma,
    Question,
    Colon,
    End,
}

/// Words that CEL keeps for itself.
const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "__",
    "dyn",
    "type",
    "struct",
];

/// Splits a text into words, each with its place; the last one is [`Token::End`].
pub(super) fn tokens(source: &str) -> Result<Vec<(usize, Token)>, Mistake> {
    let mut lexer = Lexer { source, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_space();
        let at = lexer.at;
        let token = lexer.token()?;
        let is_end = token == Token::End;
        tokens.push((at, token));
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn skip_space(&mut self) {
        loop {
            self.at = self.source.len() - self.rest().trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']).len();
            if !self.rest().starts_with("//") {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn token(&mut self) -> Result<Token, Mistake> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        let is_raw = rest.starts_with("r'") || rest.starts_with("r\"") || rest.starts_with("R'") || rest.starts_with("R\"");
        match first {
            '\'' | '"' => self.text(false),
            _ if is_raw => {
                self.at += 1;
                self.text(true)
            }
            'b' | 'B' if rest[1..].starts_with(['\'', '"']) => Err(self.wrong("bytes are not known here; write a text")),
            '0'..='9' => self.number(),
            '.' if rest[1..].starts_with(|next: char| next.is_ascii_digit()) => self.number(),
            'a'..='z' | 'A'..='Z' | '_' => self.name(),
            _ => self.sign(),
        }
    }

    fn name(&mut self) -> Result<Token, Mistake> {
        let rest = self.rest();
        let length = rest.find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(rest.len());
        let name = &rest[..length];
        if RESERVED.contains(&name) {
            return Err(self.wrong(format!("{name} is a reserved word")));
        }
        self.at += length;
        Ok(if name == "in" { Token::Operator(Operator::In) } else { Token::Name(name.to_owned()) })
    }

    fn number(&mut self) -> Result<Token, Mistake> {
        let rest = self.rest();
        if let Some(digits) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
            let length = digits.find(|next: char| !next.is_ascii_hexdigit()).unwrap_or(digits.len());
            let number = u64::from_str_radix(&digits[..length], 16).map_err(|_| self.wrong("is no number"))?;
            self.at += 2 + length;
            return Ok(Token::Int(number));
        }
        let digits = |from: usize| rest[from..].find(|next: char| !next.is_ascii_digit()).unwrap_or(rest.len() - from);
        let mut end = digits(0);
        let mut is_whole = true;
        if rest[end..].starts_with('.') && rest[end + 1..].starts_with(|next: char| next.is_ascii_digit()) {
            end += 1 + digits(end + 1);
            is_whole = false;
        }
        if rest[end..].starts_with(['e', 'E']) {
            let signed = usize::from(rest[end + 1..].starts_with(['+', '-']));
            let count = digits(end + 1 + signed);
            if count > 0 {
                end += 1 + signed + count;
                is_whole = false;
            }
        }
        let text = &rest[..end];
        let token = if is_whole { text.parse().map(Token::Int).ok() } else { text.parse().map(Token::Double).ok() };
        let token = token.ok_or_else(|| self.wrong(format!("{text} is too large a number")))?;
        if rest[end..].starts_with(['u', 'U']) {
            return Err(self.wrong("unsigned numbers are not known here; leave the u out"));
        }
        self.at += end;
        Ok(token)
    }

    fn text(&mut self, is_raw: bool) -> Result<Token, Mistake> {
        let start = self.at;
        let rest = self.rest();
        let quote = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quote| rest.starts_with(quote)).unwrap_or("'");
        let mut text = String::new();
        self.at += quote.len();
        loop {
            let rest = self.rest();
            if rest.starts_with(quote) {
                self.at += quote.len();
                return Ok(Token::Text(text));
            }
            match rest.chars().next() {
                None => return Err(Mistake { at: start, text: "a text is not closed: its quote is missing".to_owned() }),
                Some('\n') if quote.len() == 1 => {
                    return Err(Mistake { at: start, text: "a text ends at the end of its line; write \\n".to_owned() });
                }
                Some('\\') if !is_raw => text.push(self.escape()?),
                Some(next) => {
                    text.push(next);
                    self.at += next.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Mistake> {
        let rest = self.rest();
        let of_digits = |count: usize, radix: u32| {
            let digits = rest.get(2..2 + count)?;
            let is_sound = digits.bytes().all(|digit| char::from(digit).is_digit(radix));
            is_sound.then(|| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32)).flatten()
        };
        let (escaped, length) = match rest[1..].chars().next() {
            Some('n') => (Some('\n'), 2),
            Some('t') => (Some('\t'), 2),
            Some('r') => (Some('\r'), 2),
            Some('a') => (Some('\u{7}'), 2),
            Some('b') => (Some('\u{8}'), 2),
            Some('f') => (Some('\u{c}'), 2),
            Some('v') => (Some('\u{b}'), 2),
            Some(same @ ('\\' | '\'' | '"' | '`' | '?')) => (Some(same), 2),
            Some('x' | 'X') => (of_digits(2, 16), 4),
            Some('u') => (of_digits(4, 16), 6),
            Some('U') => (of_digits(8, 16), 10),
            _ => (None, 0),
        };
        let escaped =
            escaped.ok_or_else(|| self.wrong("a backslash must be followed by n, t, r, a quote, a backslash, or uXXXX"));
        self.at += length;
        escaped
    }

    fn sign(&mut self) -> Result<Token, Mistake> {
        const SIGNS: [(&str, Token); 22] = [
            ("||", Token::Operator(Operator::Or)),
            ("&&", Token::Operator(Operator::And)),
            ("==", Token::Operator(Operator::Equal)),
            ("!=", Token::Operator(Operator::NotEqual)),
            ("<=", Token::Operator(Operator::LessOrEqual)),
            (">=", Token::Operator(Operator::GreaterOrEqual)),
            ("<", Token::Operator(Operator::Less)),
            (">", Token::Operator(Operator::Greater)),
            ("+", Token::Operator(Operator::Add)),
            ("-", Token::Operator(Operator::Subtract)),
            ("*", Token::Operator(Operator::Multiply)),
            ("/", Token::Operator(Operator::Divide)),
            ("%", Token::Operator(Operator::Remainder)),
            ("!", Token::Not),
            ("(", Token::Open),
            (")", Token::Close),
            ("[", Token::OpenList),
            ("]", Token::CloseList),
            (".", Token::Dot),
            (",", Token::Comma),
            ("?", Token::Question),
            (":", Token::Colon),
        ];
        let rest = self.rest();
        let found = SIGNS.into_iter().find(|(sign, _)| rest.starts_with(sign));
        match found {
            Some((sign, token)) => {
                self.at += sign.len();
                Ok(token)
            }
            None => Err(self.wrong(match rest.chars().next() {
                Some('=') => "one = is no comparison; write ==".to_owned(),
                Some('&' | '|') => "write && and ||".to_owned(),
                Some('{') => "maps are not known here".to_owned(),
                other => format!("{:?} is not understood", other.unwrap_or(' ')),
            })),
        }
    }

    fn wrong(&self, text: impl Into<String>) -> Mistake {
        Mistake { at: self.at, text: text.into() }
    }
}
