/// `bytes` as a person reads it, in units of 1000: `512 bytes`, `3.4 MB`, `120 GB`.
package func readable(bytes: Int64) -> String {
    let units = ["KB", "MB", "GB", "TB", "PB"]
    guard bytes >= 1000 else { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
    var value = Double(bytes)
    var unit = -1
    // 999.95 would round to "1000.0", so it is already one of the next unit.
    while value >= 999.95, unit < units.count - 1 {
        value /= 1000
        unit += 1
    }
    let rounded = (value * 10).rounded() / 10
    let text = rounded >= 100 ? "\(Int64(rounded.rounded()))" : "\(rounded)"
    return "\(text) \(units[unit])"
}

/// `1 file`, `3 files`.
package func counted(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
}

/// A size as people type and read it: `5GB`, `500 MB`, `2GiB`; a bare number is bytes.
package struct ByteSize: Sendable, Hashable, CustomStringConvertible {
    /// What a flag wants, to follow the words "is not".
    package static let expectation = "a size such as 0, 500MB, 5GB or 2GiB"

    package var bytes: Int64

    package init(bytes: Int64) { self.bytes = bytes }

    /// nil for all that is no size.
    package init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        var unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        if unit.last == "b" { unit.removeLast() }
        var base = 1000.0
        if unit.count == 2, unit.last == "i" {
            base = 1024
            unit.removeLast()
        }
        guard let number = Double(digits), unit.count <= 1 else { return nil }
        var factor = 1.0
        if let letter = unit.first {
            guard let power = "kmgtp".firstIndex(of: letter) else { return nil }
            for _ in 0..."kmgtp".distance(from: "kmgtp".startIndex, to: power) { factor *= base }
        }
        guard number * factor < 9e18 else { return nil }
        bytes = Int64(number * factor)
    }

    package var description: String {
        guard bytes > 0 else { return "0" }
        return readable(bytes: bytes).replacing(".0 ", with: "").replacing(" ", with: "")
    }
}
