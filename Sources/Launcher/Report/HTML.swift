import Shared

/// Text of the run on its way into a page: none of it is ever markup.
enum HTML {
    /// As text or in an attribute's double quotes; what steers a line is left out.
    static func text(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars where scalar == "\n" || !scalar.steersTerminal {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// JSON as the content of a script element: nothing in it can end the element, or begin a comment
    /// in it (html.spec.whatwg.org, "Restrictions for contents of script elements").
    static func script(_ json: String) -> String {
        json.replacing("<", with: "\\u003c").replacing("\u{2028}", with: "\\u2028")
            .replacing("\u{2029}", with: "\\u2029")
    }

    static func row(_ name: String, _ value: String?) -> String {
        guard let value, !value.isEmpty else { return "" }
        return "<tr><th>\(text(name))</th><td>\(text(value))</td></tr>\n"
    }
}
