//! UTF-8 byte by byte: which byte may come next.

/// A character that has begun, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    /// The bytes that it has,
    pub(super) len: usize,
    /// and those that it still needs.
    left: usize,
    /// The next of them lies in this range: the second byte of some characters is limited.
    low: u8,
    high: u8,
}

impl Begun {
    /// Between two characters.
    pub(super) const NONE: Begun = Begun { len: 0, left: 0, low: 0, high: 0 };

    /// May this byte come next? (The Unicode Standard, table 3-7.)
    pub(super) fn allows(self, byte: u8) -> bool {
        if self.left > 0 {
            return (self.low..=self.high).contains(&byte);
        }
        matches!(byte, 0x00..=0x7F | 0xC2..=0xF4)
    }

    /// After this byte, which must be allowed.
    pub(super) fn then(self, byte: u8) -> Begun {
        if self.left == 1 {
            return Begun::NONE;
        }
        if self.left > 1 {
            return Begun { len: self.len + 1, left: self.left - 1, low: 0x80, high: 0xBF };
        }
        let (left, low, high) = match byte {
            0xC2..=0xDF => (1, 0x80, 0xBF),
            0xE0 => (2, 0xA0, 0xBF),
            0xED => (2, 0x80, 0x9F),
            0xE1..=0xEF => (2, 0x80, 0xBF),
            0xF0 => (3, 0x90, 0xBF),
            0xF4 => (3, 0x80, 0x8F),
            0xF1..=0xF3 => (3, 0x80, 0xBF),
            _ => return Begun::NONE,
        };
        Begun { len: 1, left, low, high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard library's own reader is the oracle, for every beginning of four bytes that it may tell apart.
    #[test]
    fn what_is_allowed_is_utf_8() {
        fn go(text: &mut Vec<u8>, begun: Begun) {
            for byte in 0..=255 {
                text.push(byte);
                // A beginning is sound if it is wrong for nothing but its end.
                let is_sound = std::str::from_utf8(text).map_or_else(|e| e.error_len().is_none(), |_| true);
                assert_eq!(begun.allows(byte), is_sound, "{text:X?}");
                if is_sound {
                    let next = begun.then(byte);
                    assert_eq!(next == Begun::NONE, std::str::from_utf8(text).is_ok(), "{text:X?}");
                    if next != Begun::NONE {
                        assert_eq!(next.len, text.len());
                        // Continuing bytes but the second are all alike: the ends and the middle of them are enough.
                        if text.len() < 3 || matches!(byte, 0x80 | 0x9F | 0xA0 | 0xBF) {
                            go(text, next);
                        }
                    }
                }
                text.pop();
            }
        }
        go(&mut Vec::new(), Begun::NONE);
    }
}
