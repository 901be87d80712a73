//! Numbers of few digits, sooner than the standard library reads them.

/// A plain number of few digits, `-12.5`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::table) struct Short {
    pub(in crate::table) number: f64,
    /// Its bytes.
    pub(in crate::table) length: usize,
    pub(in crate::table) has_point: bool,
}

/// Bytes of the longest one: a sign, 15 digits and what stands before the decimals.
pub(in crate::table) const LONGEST: usize = 17;

/// A plain number of few digits that bytes begin with, `decimal` before its decimals: what [`finite`](super::finite) makes
/// of it, sooner. No number is no answer of its own, but a question to that.
///
/// Up to 15 digits are an integer that `f64` has, and so is the power of ten that divides it: the quotient is rounded
/// once, as it should be (W. D. Clinger, How to read floating point numbers accurately, PLDI 1990). Of the few digits
/// that most numbers have, eight bytes at a time are read no sooner than one after another.
#[inline]
pub(in crate::table) fn short(bytes: &[u8], decimal: u8) -> Option<Short> {
    const POWERS: [f64; 16] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let negative = bytes.first() == Some(&b'-');
    let mut at = usize::from(negative);
    let (begin, mut point, mut mantissa) = (at, None, 0_u64);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            // Of 15 digits at most, so that nothing overflows.
            b'0'..=b'9' => mantissa = mantissa * 10 + u64::from(byte - b'0'),
            _ if byte == decimal && point.is_none() => point = Some(at),
            _ => break,
        }
        at += 1;
        if at - begin > 16 {
            return None;
        }
    }
    let digits = at - begin - usize::from(point.is_some());
    let decimals = point.map_or(0, |point| at - point - 1);
    // Behind a comma decimals are not left out.
    if !(1..=15).contains(&digits) || point.is_some() && decimals == 0 && decimal == b',' {
        return None;
    }
    let value = mantissa as f64 / POWERS.get(decimals)?;
    let number = if negative { -value } else { value };
    Some(Short { number, length: at, has_point: point.is_some() })
}
