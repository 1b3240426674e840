/// Makes hostile inputs out of good ones, the same ones for the same seed.
struct Mutator {
    private var random: SeededRandom
    private let seeds: [[UInt8]]
    private let words: [[UInt8]]

    /// No input is longer, in bytes: each goes through a debug build 100,000 times.
    private static let longest = 1 << 16
    /// Every so often an input is a deep or a long one.
    private static let rarely = 400

    init(seeds: [[UInt8]], words: [[UInt8]], seed: UInt64) {
        random = SeededRandom(seed: seed)
        self.seeds = seeds
        self.words = words
    }

    mutating func next() -> [UInt8] {
        if chance(of: Self.rarely) { return extreme() }
        var input = pick(seeds)
        for _ in 0...number(below: 5) { change(&input) }
        return Array(input.prefix(Self.longest))
    }

    private mutating func change(_ input: inout [UInt8]) {
        let place = number(below: input.count + 1)
        let end = min(input.count, place + 1 + number(below: 1 + number(below: 64)))
        switch number(below: 10) {
        case 0 where place < input.count: input[place] ^= 1 << UInt8(number(below: 8))
        case 1: input.insert(UInt8(number(below: 256)), at: place)
        case 2: input.removeSubrange(place..<end)
        case 3: input.insert(contentsOf: input[place..<end], at: place)
        case 4: input.replaceSubrange(place..<end, with: pick(words))
        case 5: replaceNumber(&input, from: place)
        case 6: replaceText(&input, from: place)
        case 7: input.removeSubrange(place...)
        case 8: splice(&input, at: place)
        default: input.insert(contentsOf: pick(words), at: place)
        }
    }

    /// Another number in the place of the next one.
    private mutating func replaceNumber(_ input: inout [UInt8], from place: Int) {
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        guard let start = input[place...].firstIndex(where: isDigit) else { return }
        let end = input[start...].firstIndex { !isDigit($0) } ?? input.count
        input.replaceSubrange(start..<end, with: pick(Self.numbers))
    }

    /// Something else in the place of the next text in quotes.
    private mutating func replaceText(_ input: inout [UInt8], from place: Int) {
        let quote = UInt8(ascii: "\"")
        guard let start = input[place...].firstIndex(of: quote),
            let end = input[(start + 1)...].firstIndex(of: quote)
        else { return }
        input.replaceSubrange((start + 1)..<end, with: pick(words))
    }

    private mutating func splice(_ input: inout [UInt8], at place: Int) {
        let other = pick(seeds)
        input.replaceSubrange(place..., with: other[number(below: other.count + 1)...])
    }

    /// What recursion, buffers and counters fear.
    private mutating func extreme() -> [UInt8] {
        let size = 1 << (8 + number(below: 9))
        let filling: [UInt8] =
            switch number(below: 8) {
            case 0: Array("[".utf8)
            case 1: Array(#"{"a":"#.utf8)
            case 2: Array("9".utf8)
            case 3: Array(#"{"version":1,"#.utf8)
            case 4: Array("\u{1B}[2J".utf8)
            case 5: [0xFF, 0xFE]
            case 6: Array("\n".utf8)
            default: pick(words)
            }
        let many = Array(
            repeatElement(filling, count: max(1, size / max(1, filling.count))).joined())
        return chance(of: 2) ? many : pick(seeds) + many
    }

    private static let numbers = [
        "0", "-0", "-1", "1e400", "-1e400", "1e-400", "0.1", "NaN", "2147483648",
        "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "-9223372036854775809", "18446744073709551616", "00", "1.0", "\u{0661}",
        "99999999999999999999999999999999999999999999",
    ].map { Array($0.utf8) }

    private mutating func number(below bound: Int) -> Int {
        Int.random(in: 0..<bound, using: &random)
    }
    private mutating func chance(of one: Int) -> Bool { number(below: one) == 0 }
    private mutating func pick(_ all: [[UInt8]]) -> [UInt8] {
        all.randomElement(using: &random) ?? []
    }
}
