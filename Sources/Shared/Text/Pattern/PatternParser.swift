/// What an expression means, before it is a program.
indirect enum PatternTree: Sendable {
    case step(PatternStep)
    case group(PatternTree, Int)
    case sequence([PatternTree])
    case choice([PatternTree])
    /// - Parameter most: nil for no limit; `isGreedy`: whether more is preferred.
    case repeated(PatternTree, least: Int, most: Int?, isGreedy: Bool)
}

/// Reads what Python's `re` and others have in common: literals, classes, groups, choices,
/// repetitions, `^ $ \b`, and `(?i)` at the beginning. Anything else is no expression.
struct PatternParser {
    private(set) var groups: [String?] = []
    private let text: [Unicode.Scalar]
    private var place = 0
    private var depth = 0
    private var isFolded = false

    init(_ text: String) { self.text = Array(text.unicodeScalars) }

    mutating func parse() -> PatternTree? {
        isFolded = take("(?i)")
        guard let tree = choice(), place == text.count else { return nil }
        return tree
    }

    private var next: Unicode.Scalar? { place < text.count ? text[place] : nil }

    private mutating func take(_ word: String) -> Bool {
        let scalars = Array(word.unicodeScalars)
        guard text[place...].starts(with: scalars) else { return false }
        place += scalars.count
        return true
    }

    private mutating func scalar() -> Unicode.Scalar? {
        guard let scalar = next else { return nil }
        place += 1
        return scalar
    }

    private mutating func choice() -> PatternTree? {
        var branches: [PatternTree] = []
        repeat {
            guard let branch = sequence() else { return nil }
            branches.append(branch)
        } while take("|")
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() -> PatternTree? {
        var items: [PatternTree] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            guard let item = atom(), let whole = repetition(of: item) else { return nil }
            items.append(whole)
        }
        return .sequence(items)
    }

    private mutating func atom() -> PatternTree? {
        guard let scalar = scalar() else { return nil }
        switch scalar {
        case "(": return group()
        case "[": return set().map { .step(.take($0)) }
        case ".": return .step(.take(.any))
        case "^": return .step(.atStart)
        case "$": return .step(.atEnd)
        case "\\": return escape()
        case "*", "+", "?": return nil
        default: return literal(scalar.value)
        }
    }

    private func literal(_ value: UInt32) -> PatternTree {
        let set = ScalarSet(value)
        return .step(.take(isFolded ? set.folded : set))
    }

    private mutating func group() -> PatternTree? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= LinePattern.deepest else { return nil }
        var number: Int?
        if !take("?:") {
            var name: String?
            if take("?<") || take("?P<") {
                let start = place
                while let scalar = next, scalar.isNamePart { place += 1 }
                guard place > start, next == ">" else { return nil }
                name = String(String.UnicodeScalarView(text[start..<place]))
                place += 1
            } else if next == "?" {
                return nil
            }
            number = groups.count
            groups.append(name)
        }
        guard let tree = choice(), take(")") else { return nil }
        return number.map { .group(tree, $0) } ?? tree
    }

    private mutating func escape() -> PatternTree? {
        switch next {
        case "b", "B":
            return .step(.atWordBoundary(scalar() == "b"))
        case "A":
            place += 1
            return .step(.atStart)
        case "z", "Z":
            place += 1
            return .step(.atEnd)
        default:
            guard let set = escapedSet() else { return nil }
            return .step(.take(isFolded ? set.folded : set))
        }
    }

    /// What stands behind a backslash, in a class or outside.
    private mutating func escapedSet() -> ScalarSet? {
        guard let scalar = scalar() else { return nil }
        switch scalar {
        case "d": return .digit
        case "D": return ScalarSet.digit.inverted
        case "w": return .word
        case "W": return ScalarSet.word.inverted
        case "s": return .space
        case "S": return ScalarSet.space.inverted
        case "t": return ScalarSet(0x09)
        case "n": return ScalarSet(0x0A)
        case "r": return ScalarSet(0x0D)
        case "x", "u":
            let length = scalar == "x" ? 2 : 4
            guard place + length <= text.count else { return nil }
            let digits = String(String.UnicodeScalarView(text[place..<(place + length)]))
            place += length
            return UInt32(digits, radix: 16).map { ScalarSet($0) }
        default:
            return scalar.isNamePart ? nil : ScalarSet(scalar.value)
        }
    }

    private mutating func set() -> ScalarSet? {
        let isInverted = take("^")
        var set = ScalarSet(ranges: [])
        var isFirst = true
        while isFirst || next != "]" {
            isFirst = false
            guard let part = setPart() else { return nil }
            guard next == "-", place + 1 < text.count, text[place + 1] != "]" else {
                set.add(part)
                continue
            }
            place += 1
            guard let end = setPart(), let low = part.single, let high = end.single, low <= high
            else { return nil }
            set.add(ScalarSet(ranges: [low...high]))
        }
        place += 1
        if isFolded { set = set.folded }
        return isInverted ? set.inverted : set
    }

    private mutating func setPart() -> ScalarSet? {
        guard let scalar = scalar(), !(scalar == "[" && next == ":") else { return nil }
        return scalar == "\\" ? escapedSet() : ScalarSet(scalar.value)
    }

    private mutating func repetition(of item: PatternTree) -> PatternTree? {
        guard let (least, most) = count() else { return item }
        guard most.map({ least <= $0 }) ?? true else { return nil }
        let isGreedy = !take("?")
        // One after another, and those that never step back, mean different things elsewhere.
        if let scalar = next, "*+?{".unicodeScalars.contains(scalar) { return nil }
        return .repeated(item, least: least, most: most, isGreedy: isGreedy)
    }

    private mutating func count() -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = place
        guard take("{") else { return nil }
        let least = number()
        let most = take(",") ? number() : least
        let isOpen = least != nil && most == nil
        guard take("}"), least != nil || most != nil else {
            // A brace that counts nothing stands for itself.
            place = start
            return nil
        }
        return (least ?? 0, isOpen ? nil : most)
    }

    private mutating func number() -> Int? {
        let start = place
        while let scalar = next, ("0"..."9").contains(scalar) { place += 1 }
        return Int(String(String.UnicodeScalarView(text[start..<place])))
    }
}

extension Unicode.Scalar {
    fileprivate var isNamePart: Bool {
        ("a"..."z").contains(self) || ("A"..."Z").contains(self) || ("0"..."9").contains(self)
            || self == "_"
    }
}

extension ScalarSet {
    fileprivate var single: UInt32? {
        guard ranges.count == 1, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }
}
