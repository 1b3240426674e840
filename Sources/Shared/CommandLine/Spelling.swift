/// Finds the known word closest to a mistyped one.
package enum Spelling {
    /// "did you mean …?", where one of `words` is near; nil otherwise.
    package static func hint(for word: String, among words: [String]) -> String? {
        nearest(to: word, among: words).map { "did you mean \($0)?" }
    }

    /// The nearest of `words`, at most a third of the letters away; the first of equals.
    static func nearest(to word: String, among words: [String]) -> String? {
        let typed = normal(word)
        let limit = max(1, typed.count / 3)
        let ranked = words.map { (word: $0, distance: distance(typed, normal($0))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= limit
        else {
            // A beginning is meant too: `--dataset` for `--dataset_name`.
            return words.first { typed.count >= 3 && normal($0).starts(with: typed) }
        }
        return best.word
    }

    private static func normal(_ word: String) -> [Character] {
        Array(word.prefix(60).lowercased().replacing("-", with: "_").drop { $0 == "_" })
    }

    /// Insertions, deletions, replacements and swapped neighbours between two words.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var rows = [Array(0...right.count)]
        for (i, letter) in left.enumerated() {
            var row = [i + 1]
            for (j, other) in right.enumerated() {
                var best = min(
                    rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (letter == other ? 0 : 1))
                if i > 0, j > 0, letter == right[j - 1], left[i - 1] == other {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
