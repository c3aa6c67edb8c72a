/// What makes a text no JSON, or more of it than is read, and where.
package struct JSONSyntaxError: Error, Hashable {
    /// Offset in bytes from the start of the body.
    package var offset: Int
    package var message: String

    package init(at offset: Int, _ message: String) {
        self.offset = offset
        self.message = message
    }
}

/// A place in a body as editors count it: both from 1, columns in bytes.
package struct JSONPosition: Hashable, CustomStringConvertible {
    package var line: Int
    package var column: Int

    package init(of offset: Int, in bytes: [UInt8]) {
        var line = 1
        var lineStart = 0
        let end = min(max(0, offset), bytes.count)
        for index in 0..<end where bytes[index] == UInt8(ascii: "\n") {
            line += 1
            lineStart = index + 1
        }
        self.line = line
        self.column = end - lineStart + 1
    }

    package var description: String { "line \(line), column \(column)" }
}
