import Shared

/// How many columns text takes on a terminal, as wcwidth(3) counts: wide characters two, marks none.
enum DisplayWidth {
    static func of(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + width($1) } }

    /// The longest beginning of `text` that fits into `columns`.
    static func cut(_ text: String, to columns: Int) -> String {
        var room = columns
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            room -= width(scalar)
            guard room >= 0 else { break }
            kept.append(scalar)
        }
        return String(kept)
    }

    /// `text` in exactly `columns`: cut, or with blanks after it.
    static func fit(_ text: String, to columns: Int) -> String {
        let kept = cut(text, to: columns)
        return kept + String(repeating: " ", count: max(0, columns - of(kept)))
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch scalar.value {
        // East Asian wide and full width (Unicode UAX #11), and what terminals draw as emoji.
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
