extension String {
    /// The text with every occurrence of `old` in its UTF-8 replaced by `new`.
    ///
    /// Stands in for the standard library's function of this name, which compares whole characters:
    /// to it a quote before a combining mark is no quote, and a line feed after a carriage return no
    /// line feed. A shell, a terminal and every file format of ours see bytes. It is also smaller:
    /// each use of the generic one adds thousands of bytes to the agent.
    package func replacing(_ old: String, with new: String) -> String {
        let (text, old, new) = (Array(utf8), Array(old.utf8), Array(new.utf8))
        guard !old.isEmpty else { return self }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            var length = 0
            while length < old.count, index + length < text.count,
                text[index + length] == old[length]
            {
                length += 1
            }
            if length == old.count {
                result += new
                index += length
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension Substring {
    /// As that of `String`.
    package func replacing(_ old: String, with new: String) -> String {
        String(self).replacing(old, with: new)
    }
}
