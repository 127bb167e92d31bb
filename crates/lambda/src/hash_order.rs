//! The order in which AWS prints sets and maps. The service is written in Java and prints them as its hash tables have
//! them; the lists of runtimes in recorded answers are in exactly this order.

/// Sorts texts as a Java `HashSet` iterates over them: by the place of their hash in a table that is the smallest power
/// of two, from 16, of which they fill at most three quarters. Texts of one place stay in the order in which they came.
pub(crate) fn in_hash_order<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    let mut places = 16;
    while items.len() * 4 > places * 3 {
        places *= 2;
    }
    items.sort_by_cached_key(|item| hash(item.as_ref()) as usize & (places - 1));
    items
}

/// Java's `String.hashCode` with its upper half mixed into the lower one, as `HashMap` does.
fn hash(text: &str) -> u32 {
    let code = text.encode_utf16().fold(0_u32, |code, unit| code.wrapping_mul(31).wrapping_add(unit.into()));
    code ^ (code >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SUPPORTED_RUNTIMES;

    #[test]
    fn runtimes_come_in_the_order_of_a_recorded_answer() {
        let recorded = "nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java17, \
            nodejs16.x, java25, dotnet8, python3.10, java11, python3.11, dotnet6, java21, nodejs18.x, provided.al2, \
            ruby3.3, ruby3.4, java8.al2, ruby3.2, python3.8, python3.9";
        // What was known when it was recorded.
        let later =
            ["dotnet10", "ruby4.0", "java8.al2023", "java11.al2023", "java17.al2023", "python3.15", "nodejs26.x"];
        let known = SUPPORTED_RUNTIMES.into_iter().filter(|runtime| !later.contains(runtime));
        assert_eq!(in_hash_order(known.chain(["nodejs16.x", "python3.8"])).join(", "), recorded);
    }

    #[test]
    fn the_table_grows_beyond_three_quarters() {
        // 'p' has the first of 16 places and the seventeenth of 32.
        let order = |letters: &str| in_hash_order(letters.chars().map(String::from)).concat();
        assert_eq!(order("efghijklmnop"), "pefghijklmno");
        assert_eq!(order("defghijklmnop"), "defghijklmnop");
    }
}
