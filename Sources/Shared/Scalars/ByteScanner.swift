/// A cursor over one line's bytes, which steps forward where what is asked for stands there.
struct ByteScanner {
    let bytes: ArraySlice<UInt8>
    private(set) var index: Int

    init(_ line: some RandomAccessCollection<UInt8>) {
        bytes = (line as? ArraySlice<UInt8>) ?? ArraySlice(Array(line))
        index = bytes.startIndex
    }

    var isAtEnd: Bool { index >= bytes.endIndex }
    var peek: UInt8? { isAtEnd ? nil : bytes[index] }
    /// The byte before the cursor.
    var previous: UInt8? { index > bytes.startIndex ? bytes[index - 1] : nil }

    mutating func next() -> UInt8? {
        guard let byte = peek else { return nil }
        index += 1
        return byte
    }

    mutating func move(to place: Int) { index = min(max(place, bytes.startIndex), bytes.endIndex) }

    mutating func skipSpaces() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A {
            index += 1
        }
    }

    mutating func take(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { wanted in
            guard bytes.endIndex - index >= wanted.count else { return false }
            for (offset, byte) in wanted.enumerated() where bytes[index + offset] != byte {
                return false
            }
            index += wanted.count
            return true
        }
    }

    mutating func take(_ text: String) -> Bool {
        let wanted = text.utf8
        guard bytes.endIndex - index >= wanted.count else { return false }
        for (offset, byte) in wanted.enumerated() where bytes[index + offset] != byte {
            return false
        }
        index += wanted.count
        return true
    }

    /// Steps behind the next `byte`.
    ///
    /// - Returns: where it stands; nil, with the cursor as it was, where there is none.
    mutating func skip(past byte: UInt8) -> Int? {
        guard let place = bytes[index...].firstIndex(of: byte) else { return nil }
        index = place + 1
        return place
    }

    /// Where a text next stands, from the cursor on.
    func find(_ text: String) -> Int? {
        let wanted = Array(text.utf8)
        guard let first = wanted.first, bytes.endIndex - index >= wanted.count else { return nil }
        var place = index
        let end = bytes.endIndex - wanted.count
        while place <= end {
            guard let found = bytes[place...end].firstIndex(of: first) else { return nil }
            if bytes[found..<(found + wanted.count)].elementsEqual(wanted) { return found }
            place = found + 1
        }
        return nil
    }

    /// Digits alone.
    mutating func count() -> Int64? {
        let start = index
        var value: Int64 = 0
        while let byte = peek, Self.isDigit(byte) {
            guard index - start < 15 else {
                index = start
                return nil
            }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            index += 1
        }
        return index > start ? value : nil
    }

    /// A number as Python prints it, with `nan`, `inf` and `-inf`.
    mutating func number() -> Double? {
        let start = index
        if let byte = peek, byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") { index += 1 }
        let isNegative = index > start && bytes[start] == UInt8(ascii: "-")
        for (word, value) in Self.words where take(word) {
            return isNegative ? -value : value
        }
        let digits = index
        while let byte = peek, Self.isDigit(byte) || byte == UInt8(ascii: ".") { index += 1 }
        // Longer than any number that a program prints.
        guard index > digits, index - digits < 40, Self.hasDigit(bytes[digits..<index]) else {
            index = start
            return nil
        }
        if let byte = peek, byte | 0x20 == UInt8(ascii: "e") {
            let mantissa = index
            index += 1
            if let sign = peek, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
                index += 1
            }
            let exponent = index
            while let byte = peek, Self.isDigit(byte), index - exponent < 5 { index += 1 }
            if index == exponent { index = mantissa }
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        guard let value = Double(text) else {
            index = start
            return nil
        }
        return value
    }

    /// Four hexadecimal digits.
    mutating func hexUnit() -> UInt16? {
        guard bytes.endIndex - index >= 4 else { return nil }
        let text = String(decoding: bytes[index..<(index + 4)], as: UTF8.self)
        guard let unit = UInt16(text, radix: 16) else { return nil }
        index += 4
        return unit
    }

    private static let words: [(StaticString, Double)] = [
        ("nan", .nan), ("NaN", .nan), ("infinity", .infinity), ("Infinity", .infinity),
        ("inf", .infinity), ("Inf", .infinity),
    ]

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
    private static func hasDigit(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.contains(where: isDigit)
    }
}
