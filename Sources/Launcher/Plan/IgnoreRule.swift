import Shared

/// One line of a `.gitignore` or a `.trainignore`, as gitignore(5) describes it.
struct IgnoreRule: Sendable {
    /// One part of the pattern between two slashes.
    private enum Segment {
        /// `**`: any number of directories.
        case anywhere
        case name([Token])
    }

    private enum Token {
        case letter(Character)
        case anyLetter
        case anyText
        case letters([ClosedRange<Character>], isNegated: Bool)
    }

    private let segments: [Segment]
    /// `!`: what matches is taken in again.
    let isNegated: Bool
    private let isForDirectories: Bool
    /// No real pattern is longer than this.
    private static let longest = 1000

    /// - Returns: nil for an empty line and for a comment.
    init?(_ line: Substring) {
        var text = Self.withoutTrailingBlanks(line)
        guard !text.isEmpty, text.first != "#", text.count <= Self.longest else { return nil }
        isNegated = text.first == "!"
        if isNegated { text = text.dropFirst() }
        isForDirectories = text.last == "/"
        if isForDirectories { text = text.dropLast() }
        // A slash anywhere but at the end ties the pattern to the file's own directory.
        let isAnchored = text.contains("/")
        let parts = text.split(separator: "/").map { part in
            part == "**" ? Segment.anywhere : .name(Self.tokens(part))
        }
        guard !parts.isEmpty else { return nil }
        segments = (isAnchored ? [] : [.anywhere]) + parts
    }

    private static func withoutTrailingBlanks(_ line: Substring) -> Substring {
        var text = line
        while let last = text.last, last == " " || last == "\r" || last == "\t" {
            guard text.dropLast().last != "\\" else { break }
            text.removeLast()
        }
        return text
    }

    private static func tokens(_ part: Substring) -> [Token] {
        var tokens: [Token] = []
        var rest = part
        while let character = rest.popFirst() {
            switch character {
            case "\\": if let next = rest.popFirst() { tokens.append(.letter(next)) }
            case "?": tokens.append(.anyLetter)
            case "*":
                if case .anyText? = tokens.last { continue }
                tokens.append(.anyText)
            case "[":
                if let (set, after) = set(rest) {
                    tokens.append(set)
                    rest = after
                } else {
                    tokens.append(.letter("["))
                }
            default: tokens.append(.letter(character))
            }
        }
        return tokens
    }

    /// What stands behind an opening bracket; nil where no bracket closes it.
    private static func set(_ text: Substring) -> (Token, Substring)? {
        var rest = text
        let isNegated = rest.first == "!" || rest.first == "^"
        if isNegated { rest = rest.dropFirst() }
        var ranges: [ClosedRange<Character>] = []
        while let first = rest.popFirst() {
            if first == "]", !ranges.isEmpty {
                return (.letters(ranges, isNegated: isNegated), rest)
            }
            let low = first == "\\" ? (rest.popFirst() ?? first) : first
            if rest.first == "-", let high = rest.dropFirst().first, high != "]" {
                rest = rest.dropFirst(2)
                ranges.append(low <= high ? low...high : low...low)
            } else {
                ranges.append(low...low)
            }
        }
        return nil
    }

    /// - Parameter path: from the directory of the rule's file on.
    func matches(_ path: ArraySlice<String>, isDirectory: Bool) -> Bool {
        if isForDirectories, !isDirectory { return false }
        // For each beginning of the pattern: which beginnings of the path fit. No way of writing a
        // pattern makes this slow.
        var fits = [true] + Array(repeating: false, count: path.count)
        for (index, segment) in segments.enumerated() {
            var next = Array(repeating: false, count: path.count + 1)
            switch segment {
            case .anywhere:
                // At the end it stands for what lies in a directory, and not for the directory.
                let isLast = index == segments.count - 1
                var isReached = false
                for place in fits.indices {
                    next[place] = isLast ? isReached : isReached || fits[place]
                    isReached = isReached || fits[place]
                }
            case .name(let tokens):
                for (place, name) in zip(fits.indices, path) where fits[place] {
                    next[place + 1] = Self.fits(tokens, name)
                }
            }
            fits = next
        }
        return fits.last ?? false
    }

    /// Goes back to the last star alone, which is enough and keeps the time in bounds.
    private static func fits(_ tokens: [Token], _ name: String) -> Bool {
        let letters = Array(name)
        var (token, letter) = (0, 0)
        var star: (token: Int, letter: Int)?
        while letter < letters.count {
            if token < tokens.count, case .anyText = tokens[token] {
                star = (token, letter)
                token += 1
            } else if token < tokens.count, fits(tokens[token], letters[letter]) {
                token += 1
                letter += 1
            } else if let last = star {
                star = (last.token, last.letter + 1)
                (token, letter) = (last.token + 1, last.letter + 1)
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { if case .anyText = $0 { true } else { false } }
    }

    private static func fits(_ token: Token, _ letter: Character) -> Bool {
        switch token {
        case .letter(let wanted): letter == wanted
        case .anyLetter: true
        case .anyText: false
        case .letters(let ranges, let isNegated):
            ranges.contains { $0.contains(letter) } != isNegated
        }
    }
}
