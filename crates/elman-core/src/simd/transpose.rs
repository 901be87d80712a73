//! Matrices turned over: between PyTorch's order of weights and that of the panels.

/// The side of the squares in which a matrix is turned over: a cache line, and the widest vector.
const SQUARE: usize = 16;

/// `put(to[column * to_stride + row], from[row * from_stride + column])` for all `rows` and `columns`.
///
/// Whole squares go by way of a small buffer, which is filled row by row: rows may lie a power of two
/// apart, where a column of them would not fit the first cache.
///
/// # Panics
/// If a slice is too short.
#[inline(always)]
pub fn transpose(
    from: (&[f32], usize),
    to: (&mut [f32], usize),
    rows: usize,
    columns: usize,
    put: impl Fn(&mut f32, f32),
) {
    let ((from, from_stride), (to, to_stride)) = (from, to);
    for row in (0..rows).step_by(SQUARE) {
        let down = SQUARE.min(rows - row);
        for column in (0..columns).step_by(SQUARE) {
            let across = SQUARE.min(columns - column);
            if down < SQUARE || across < SQUARE {
                for r in row..row + down {
                    for (c, &value) in from[r * from_stride + column..][..across].iter().enumerate() {
                        put(&mut to[(column + c) * to_stride + r], value);
                    }
                }
                continue;
            }
            let mut square = [[0.0; SQUARE]; SQUARE];
            for (r, values) in square.iter_mut().enumerate() {
                values.copy_from_slice(&from[(row + r) * from_stride + column..][..SQUARE]);
            }
            for c in 0..SQUARE {
                let to = &mut to[(column + c) * to_stride + row..][..SQUARE];
                to.iter_mut().zip(&square).for_each(|(to, values)| put(to, values[c]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_finds_its_place_at_any_size() {
        for rows in [1, 3, 15, 16, 17, 33] {
            for columns in [1, 2, 16, 18, 48] {
                let (from_stride, to_stride) = (columns + 3, rows + 2);
                let from: [f32; 33 * 51] = core::array::from_fn(|n| n as f32);
                let mut to = [-1.0; 48 * 35];
                transpose((&from, from_stride), (&mut to, to_stride), rows, columns, |to, value| {
                    *to += value
                });
                for (n, &value) in to.iter().enumerate() {
                    let (column, row) = (n / to_stride, n % to_stride);
                    let inside = column < columns && row < rows;
                    let expected = if inside { from[row * from_stride + column] } else { 0.0 };
                    assert_eq!(value, expected - 1.0, "{rows} x {columns}: row {row}, column {column}");
                }
            }
        }
    }
}
