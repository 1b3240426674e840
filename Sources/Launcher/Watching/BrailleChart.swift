import Shared

/// A curve in characters: each is a grid of two by four dots (Unicode, Braille Patterns).
///
/// All values that fall into one column of dots are drawn as the line between the least and the
/// greatest of them, so that no spike is lost, however many points there are.
enum BrailleChart {
    /// - Parameters:
    ///   - points: `x` in rising order; a `y` that is no number is a gap.
    ///   - width: in characters.
    ///   - height: in characters.
    /// - Returns: `height` rows of `width` characters.
    static func rows(_ points: [(x: Double, y: Double)], width: Int, height: Int) -> [String] {
        guard width > 0, height > 0 else { return [] }
        let columns = columns(points, count: width * 2)
        let finite = columns.compactMap { $0 }
        guard let low = finite.map(\.low).min(), let high = finite.map(\.high).max() else {
            return Array(repeating: String(repeating: " ", count: width), count: height)
        }
        let dots = height * 4
        // Halves first: the difference of two finite numbers need not be one.
        let span = high / 2 - low / 2
        func row(_ value: Double) -> Int {
            guard span > 0 else { return dots / 2 }
            let share = (value / 2 - low / 2) / span
            return dots - 1 - min(dots - 1, max(0, Int(share * Double(dots - 1) + 0.5)))
        }
        var cells = Array(repeating: UInt8(0), count: width * height)
        var former: (top: Int, bottom: Int)?
        for (index, column) in columns.enumerated() {
            guard let column else { continue }
            var (top, bottom) = (row(column.high), row(column.low))
            let own = (top, bottom)
            // A line without holes from the column before.
            if let former {
                if former.top > bottom { bottom = former.top - 1 }
                if former.bottom < own.0 { top = former.bottom + 1 }
            }
            for dot in max(0, min(top, own.0))...min(dots - 1, max(bottom, own.1)) {
                cells[dot / 4 * width + index / 2] |= bit(column: index % 2, row: dot % 4)
            }
            former = own
        }
        return (0..<height).map { line in
            String(
                String.UnicodeScalarView(
                    cells[line * width..<(line + 1) * width].compactMap {
                        $0 == 0 ? " " : Unicode.Scalar(0x2800 + UInt32($0))
                    }))
        }
    }

    private static func bit(column: Int, row: Int) -> UInt8 {
        // The order in which the dots of six came to be eight.
        [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]][column][row]
    }

    /// The least and greatest value of each column of dots; nil if there is none.
    private static func columns(
        _ points: [(x: Double, y: Double)], count: Int
    ) -> [(low: Double, high: Double)?] {
        var columns = [(low: Double, high: Double)?](repeating: nil, count: count)
        let finite = points.filter { $0.y.isFinite && $0.x.isFinite }
        guard let first = finite.first?.x, let last = finite.last?.x else { return columns }
        for point in finite {
            let share = last > first ? (point.x - first) / (last - first) : 0
            let index = min(count - 1, max(0, Int(share * Double(count - 1) + 0.5)))
            let former = columns[index] ?? (point.y, point.y)
            columns[index] = (min(former.low, point.y), max(former.high, point.y))
        }
        return columns
    }
}
