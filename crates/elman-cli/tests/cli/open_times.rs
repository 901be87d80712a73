//! Series of one table that are open at times of their own.

use std::ops::Range;

use crate::common::Place;

const QUICK: &str = "--epochs 1 --hidden-size 3 --transform difference -o m.elman";

/// A row for each of these hours of 1 January 2024, a Monday, and the days after it that are not closed.
fn shop(name: &str, days: Range<i32>, hours: Range<i32>, closed: &[i32]) -> Vec<String> {
    let open = days.filter(|day| !closed.contains(&(day % 7)));
    let date = |day: i32| format!("2024-{:02}-{:02}", 1 + day / 31, 1 + day % 31);
    let value = |day: i32, hour: i32| 90 + 7 * hour + day * 13 % 11;
    let rows = open.flat_map(|day| hours.clone().map(move |hour| (day, hour)));
    rows.map(|(day, hour)| format!("{name},{} {hour:02}:00,{}", date(day), value(day, hour))).collect()
}

fn table(rows: impl IntoIterator<Item = String>) -> String {
    format!("shop,when,y\n{}\n", rows.into_iter().collect::<Vec<_>>().join("\n"))
}

/// The shop and the time of each row of predictions.
fn times(csv: &str) -> Vec<String> {
    csv.lines().skip(1).map(|line| line.rsplit_once(',').map_or("", |(row, _)| row).to_owned()).collect()
}

#[test]
fn each_shop_goes_on_at_its_own_hours() {
    let place = Place::new();
    let shops = |days: Range<i32>| {
        let (early, late) = (shop("a", days.clone(), 9..18, &[]), shop("b", days.clone(), 10..19, &[]));
        [early, late, shop("c", days, 9..18, &[0])]
    };
    let ahead = shops(40..60).map(|rows| rows.into_iter().take(30).map(|row| row[..18].to_owned()));
    let ahead = ahead.into_iter().flatten().collect::<Vec<String>>();
    let rows = shops(0..40).concat();
    let backwards = rows.iter().rev().cloned().collect::<Vec<String>>();
    for rows in [rows, backwards] {
        place.write("s.csv", table(rows));
        let said = place.ok(&format!("train s.csv {QUICK}")).stderr;
        assert!(said.contains("one open hour (from 10:00 to 18:00)"), "{said}");
        assert!(said.contains("and 1 more series other times as well: each goes on at its own"), "{said}");
        let mut predicted = times(&place.ok("predict m.elman s.csv --horizon 30").stdout);
        predicted.sort();
        let mut wanted = ahead.clone();
        wanted.sort();
        assert_eq!(predicted, wanted);
        let tested = place.ok("backtest m.elman s.csv").stdout;
        assert!(tested.contains("270 forecasts of 3 series"), "{tested}");
    }
    // A few days are read by the hours that the model knows; shops that it does not know by their own.
    let few = [shop("c", 33..38, 9..18, &[0]), shop("d", 0..30, 7..16, &[6]), shop("e", 0..9, 10..19, &[])];
    place.write("f.csv", table(few.concat()));
    assert_eq!(
        times(&place.ok("predict m.elman f.csv --horizon 1").stdout),
        ["c,2024-02-08 09:00", "d,2024-01-31 07:00", "e,2024-01-10 10:00"]
    );
    place.write("f.csv", table(shop("d", 0..30, 7..19, &[])));
    let refused = place.refused(1, "predict m.elman f.csv");
    assert!(refused.contains("(from 07:00 to 18:00) apart, but the model learned from"), "{refused}");
}

#[test]
fn shops_closed_on_different_days_are_one_table() {
    let place = Place::new();
    let shops = [shop("a", 0..56, 0..1, &[6]), shop("b", 0..56, 0..1, &[0]), shop("c", 0..56, 0..1, &[2])];
    place.write("s.csv", table(shops.concat().into_iter().map(|row| row.replace(" 00:00", ""))));
    let said = place.ok(&format!("train s.csv {QUICK}")).stderr;
    assert!(said.contains("of 3 series by \"shop\"") && said.contains("6 open days ahead"), "{said}");
    let predicted = times(&place.ok("predict m.elman s.csv --horizon 3").stdout);
    let of = |shop: &str| predicted.iter().filter_map(|row| row.strip_prefix(shop)).collect::<Vec<_>>();
    assert_eq!(of("a,"), ["2024-02-26", "2024-02-27", "2024-02-28"]);
    assert_eq!(of("b,"), ["2024-02-27", "2024-02-28", "2024-02-29"]);
    assert_eq!(of("c,"), ["2024-02-26", "2024-02-27", "2024-02-29"]);
}

#[test]
fn hours_that_make_other_days_are_refused_with_the_way_out() {
    let place = Place::new();
    let of_nine = shop("a", 0..40, 9..18, &[]);
    for (other, missing) in [(9..19, 39), (10..20, 117)] {
        place.write("s.csv", table([of_nine.clone(), shop("b", 0..40, other, &[])].concat()));
        let refused = place.refused(1, &format!("train s.csv {QUICK}"));
        assert!(
            refused.contains("the rows of series \"a\" are one open hour (from 09:00 to 17:00) apart"),
            "{refused}"
        );
        assert!(refused.contains("but those of series \"b\" one"), "{refused}");
        assert!(refused.contains("forecast them apart, or choose in training with --missing"), "{refused}");
        let said = place.ok(&format!("train s.csv --missing zero {QUICK}")).stderr;
        assert!(said.contains(&format!("{missing} rows are missing and taken as 0")), "{said}");
    }
    // One hour that is missing is no closed one.
    let rows = [of_nine.clone(), shop("b", 0..40, 9..18, &[])].concat();
    place.write("s.csv", table(rows.into_iter().enumerate().filter(|(n, _)| *n != 500).map(|(_, row)| row)));
    let refused = place.refused(1, &format!("train s.csv {QUICK}"));
    assert!(refused.contains("1 row is missing"), "{refused}");
}
