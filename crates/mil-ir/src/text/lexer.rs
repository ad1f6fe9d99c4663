//! Splits a text into tokens, one at a time.

use std::borrow::Cow;
use std::fmt;

use crate::text::TextErrorKind;

/// A token. Comments (`// …` to the end of the line) and white space stand between tokens.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'t> {
    /// `[A-Za-z_][A-Za-z0-9_@]*`.
    Word(&'t str),
    /// `@"…"`: a name that the grammar has no form for.
    Quoted(Cow<'t, str>),
    /// `"…"`.
    Text(Cow<'t, str>),
    /// Any number, and `-inf` and `-nan`.
    Number(&'t str),
    /// Punctuation.
    Mark(&'static str),
    /// The end of the text.
    End,
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Word(word) => write!(f, "`{}`", shorten(word)),
            Token::Quoted(name) => write!(f, "the name `{}`", shorten(name)),
            Token::Text(text) => write!(f, "the string \"{}\"", shorten(&text.escape_debug().to_string())),
            Token::Number(number) => write!(f, "the number {}", shorten(number)),
            Token::Mark(mark) => write!(f, "`{mark}`"),
            Token::End => f.write_str("the end of the text"),
        }
    }
}

/// The start of a text, for messages.
fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]).into(),
        None => text.into(),
    }
}

/// The mark at the start of a text.
fn mark(text: &[u8]) -> Option<&'static str> {
    Some(match text {
        [b'.', b'.', b'.', ..] => "...",
        [b'.', b'.', ..] => "..",
        [b'-', b'>', ..] => "->",
        [b'@', b'{', ..] => "@{",
        [b'(', ..] => "(",
        [b')', ..] => ")",
        [b'[', ..] => "[",
        [b']', ..] => "]",
        [b'{', ..] => "{",
        [b'}', ..] => "}",
        [b'<', ..] => "<",
        [b'>', ..] => ">",
        [b',', ..] => ",",
        [b';', ..] => ";",
        [b':', ..] => ":",
        [b'=', ..] => "=",
        [b'?', ..] => "?",
        _ => return None,
    })
}

/// Reads tokens from a text.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Lexer<'t> {
        Lexer { text, at: 0 }
    }

    /// Where the next token may start.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes on reading at a byte at which a token may start.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The next token, and the byte where it starts. An error names the byte where the trouble is.
    pub(super) fn next(&mut self) -> Result<(usize, Token<'t>), (usize, TextErrorKind)> {
        self.skip_space();
        let start = self.at;
        let rest = &self.text[start..];
        let bytes = rest.as_bytes();
        let Some(&first) = bytes.first() else { return Ok((start, Token::End)) };
        let token = match first {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => Token::Word(self.word(rest)),
            b'0'..=b'9' => Token::Number(self.number(rest)),
            b'-' | b'+' | b'.' if starts_number(bytes) => Token::Number(self.number(rest)),
            b'"' => Token::Text(self.string(start)?),
            b'@' if bytes.get(1) == Some(&b'"') => {
                self.at += 1;
                Token::Quoted(self.string(start)?)
            }
            _ => match mark(bytes) {
                Some(mark) => {
                    self.at += mark.len();
                    Token::Mark(mark)
                }
                None => {
                    let found =
                        rest.chars().next().map_or_else(String::new, |c| format!("`{}`", c.escape_debug()));
                    return Err((start, TextErrorKind::Expected { expected: "a token".into(), found }));
                }
            },
        };
        Ok((start, token))
    }

    fn skip_space(&mut self) {
        let bytes = self.text.as_bytes();
        loop {
            while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
                self.at += 1;
            }
            if !self.text[self.at..].starts_with("//") {
                return;
            }
            self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at);
        }
    }

    fn word(&mut self, rest: &'t str) -> &'t str {
        let bytes = rest.as_bytes();
        let mut end = 1;
        while let Some(&byte) = bytes.get(end) {
            let at_sign = byte == b'@' && !matches!(bytes.get(end + 1), Some(b'{' | b'"'));
            if !(byte.is_ascii_alphanumeric() || byte == b'_' || at_sign) {
                break;
            }
            end += 1;
        }
        self.at += end;
        &rest[..end]
    }

    fn number(&mut self, rest: &'t str) -> &'t str {
        let bytes = rest.as_bytes();
        let hex = rest.trim_start_matches(['-', '+']).starts_with("0x");
        let mut end = 1;
        while let Some(&byte) = bytes.get(end) {
            let before = bytes[end - 1];
            let inside = match byte {
                b'.' => bytes.get(end + 1) != Some(&b'.') && before != b'.',
                b'+' | b'-' if hex => matches!(before, b'p' | b'P'),
                b'+' | b'-' => matches!(before, b'e' | b'E'),
                _ => byte.is_ascii_alphanumeric(),
            };
            if !inside {
                break;
            }
            end += 1;
        }
        self.at += end;
        &rest[..end]
    }

    /// A string that starts here; `start` is the token's first byte, for errors.
    fn string(&mut self, start: usize) -> Result<Cow<'t, str>, (usize, TextErrorKind)> {
        let open = self.at + 1;
        let mut unescaped: Option<String> = None;
        let mut piece = open;
        let bytes = self.text.as_bytes();
        let mut at = open;
        loop {
            match bytes.get(at) {
                None => {
                    let expected = "`\"` at the end of the string".into();
                    return Err((start, TextErrorKind::Expected { expected, found: Token::End.to_string() }));
                }
                Some(b'"') => {
                    self.at = at + 1;
                    let last = &self.text[piece..at];
                    return Ok(match unescaped {
                        Some(text) => Cow::Owned(text + last),
                        None => Cow::Borrowed(last),
                    });
                }
                Some(b'\\') => {
                    let text = unescaped.get_or_insert_default();
                    text.push_str(&self.text[piece..at]);
                    let (c, len) = escape(&self.text[at..]).ok_or_else(|| {
                        let expected = r#"one of `\"`, `\\`, `\n`, `\r`, `\t`, `\u{…}`"#.into();
                        (at, TextErrorKind::Expected { expected, found: "another escape".into() })
                    })?;
                    text.push(c);
                    at += len;
                    piece = at;
                }
                Some(_) => at += 1,
            }
        }
    }
}

/// A sign or a point that begins a number.
fn starts_number(bytes: &[u8]) -> bool {
    match bytes {
        [b'-' | b'+', b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] | [b'-' | b'+', b'.', b'0'..=b'9', ..] => {
            true
        }
        [b'-' | b'+', rest @ ..] => [&b"inf"[..], b"nan"].iter().any(|word| rest.starts_with(word)),
        _ => false,
    }
}

/// The character that an escape at the start of `text` stands for, and the escape's length.
fn escape(text: &str) -> Option<(char, usize)> {
    Some(match text.as_bytes().get(1)? {
        b'"' => ('"', 2),
        b'\\' => ('\\', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'u' => {
            let digits = text.get(2..)?.strip_prefix('{')?;
            let end = digits.bytes().take(8).position(|byte| byte == b'}')?;
            let code = u32::from_str_radix(digits.get(..end)?, 16).ok()?;
            (char::from_u32(code)?, end + 4)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        let mut lexer = Lexer::new(text);
        let mut found = Vec::new();
        while let Ok((_, token)) = lexer.next() {
            if token == Token::End {
                break;
            }
            found.push(token);
        }
        found
    }

    #[test]
    fn names_marks_and_comments() {
        use Token::*;
        assert_eq!(
            tokens("a@b @{ // c\n@\"x y\" -> ... 1..-1"),
            [
                Word("a@b"),
                Mark("@{"),
                Quoted("x y".into()),
                Mark("->"),
                Mark("..."),
                Number("1"),
                Mark(".."),
                Number("-1")
            ]
        );
    }

    #[test]
    fn numbers() {
        use Token::Number;
        assert_eq!(
            tokens("0x1.8p-3 -0x0p+0 1e-5 -inf .5 -1.0"),
            ["0x1.8p-3", "-0x0p+0", "1e-5", "-inf", ".5", "-1.0"].map(Number)
        );
    }

    #[test]
    fn strings() {
        assert_eq!(tokens(r#""a\"b\u{41}é""#), [Token::Text("a\"bAé".into())]);
        assert!(Lexer::new("\"open").next().is_err());
        assert!(Lexer::new(r#""\q""#).next().is_err());
        assert!(Lexer::new(r#""\u{é}""#).next().is_err());
    }
}
