/// Which scalars a place of a pattern takes.
struct ScalarSet: Sendable, Equatable {
    private(set) var ranges: [ClosedRange<UInt32>]

    private static let last: UInt32 = 0x10FFFF

    static let any = ScalarSet(ranges: [0...0x09, 0x0B...0x0C, 0x0E...last])
    static let digit = ScalarSet(ranges: [0x30...0x39])
    static let space = ScalarSet(ranges: [0x09...0x0D, 0x20...0x20, 0x85...0x85, 0xA0...0xA0])
    /// Letters beyond ASCII by their blocks, which leave out punctuation.
    static let word = ScalarSet(ranges: [
        0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A, 0xC0...0x1FFF, 0x3040...0xD7FF,
        0xF900...0xFDFF,
    ])

    init(ranges: [ClosedRange<UInt32>]) { self.ranges = ranges }
    init(_ scalar: UInt32) { ranges = [scalar...scalar] }

    func contains(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } }

    mutating func add(_ other: ScalarSet) { ranges += other.ranges }

    var inverted: ScalarSet {
        var inverted: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { inverted.append(next...(range.lowerBound - 1)) }
            next = max(next, range.upperBound + 1)
        }
        if next <= Self.last { inverted.append(next...Self.last) }
        return ScalarSet(ranges: inverted)
    }

    /// With both cases of each letter of ASCII.
    var folded: ScalarSet {
        var folded = self
        for range in ranges {
            for (letters, other) in [(UInt32(0x41)...0x5A, UInt32(0x61)), (0x61...0x7A, 0x41)]
            where range.overlaps(letters) {
                let part = range.clamped(to: letters)
                let start = part.lowerBound - letters.lowerBound + other
                folded.ranges.append(start...(start + part.upperBound - part.lowerBound))
            }
        }
        return folded
    }
}
