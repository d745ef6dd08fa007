//! The name of an entry, out of a path or a batch.

use crate::refusal::Refusal;

/// 1 to 1024 bytes of UTF-8 without control characters, never a path of anything.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Name(String);

/// The longest name in bytes, decoded.
pub(crate) const LONGEST: usize = 1024;
/// What health is asked by, and what any proxy would resolve as a path.
const RESERVED: [&str; 3] = [".", "..", "health"];

impl Name {
    /// One segment of a path as it was sent, percent-decoded once (RFC 3986, section 2.1).
    pub(crate) fn from_segment(segment: &str) -> Result<Self, Refusal> {
        if segment.len() > 3 * LONGEST {
            return Err(too_long());
        }
        let mut decoded = Vec::with_capacity(segment.len());
        let mut bytes = segment.bytes();
        while let Some(byte) = bytes.next() {
            decoded.push(match byte {
                b'%' => {
                    let digits = [bytes.next(), bytes.next()];
                    let [Some(high), Some(low)] = digits.map(|d| d.and_then(nibble)) else {
                        return Err(bad("a `%` in the name is not followed by two hex digits"));
                    };
                    high << 4 | low
                }
                _ if is_pchar(byte) => byte,
                _ => return Err(bad("the name has a character that must be percent-encoded")),
            });
        }
        Self::from_bytes(&decoded)
    }

    /// The raw bytes, as a batch has them.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > LONGEST {
            return Err(too_long());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| bad("the name is not UTF-8"))?;
        if text.is_empty() {
            return Err(bad("the name is empty"));
        }
        if text.chars().any(char::is_control) {
            return Err(bad("the name has a control character"));
        }
        if RESERVED.contains(&text) {
            return Err(bad("`.`, `..` and `health` are not names"));
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

fn bad(message: &'static str) -> Refusal {
    Refusal::bad("bad_name", message)
}

fn too_long() -> Refusal {
    bad("the name is longer than 1024 bytes")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(segment: &str) -> Option<String> {
        Name::from_segment(segment).ok().map(|name| name.0)
    }

    #[test]
    fn is_decoded_once() {
        assert_eq!(decoded("ck:1f"), Some("ck:1f".into()));
        assert_eq!(decoded("a%2Fb"), Some("a/b".into()));
        assert_eq!(decoded("%252e%252e"), Some("%2e%2e".into()));
        assert_eq!(decoded("%C3%A4"), Some("ä".into()));
        assert_eq!(decoded("a+b"), Some("a+b".into()));
        assert_eq!(decoded(&"k".repeat(1024)), Some("k".repeat(1024)));
    }

    #[test]
    fn what_is_no_name_is_not_repaired() {
        let long = "k".repeat(1025);
        for segment in [
            "",
            ".",
            "..",
            "%2e%2e",
            ".%2E",
            "health",
            "%68ealth",
            "%",
            "%2",
            "%zz",
            "%+1",
            "%00",
            "a%0d%0ab",
            "%7f",
            "%C2%85",
            "%ff",
            "%C3",
            "a b",
            "a\\b",
            "ä",
            "a/b",
            "\"",
            &long,
            &"%41".repeat(1025),
        ] {
            assert_eq!(decoded(segment), None, "{segment}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_decent_text_survives(text in "\\PC{1,200}") {
            prop_assume!(!RESERVED.contains(&&*text) && !text.chars().any(char::is_control));
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(decoded(&encoded), Some(text));
        }
    }
}
