import Foundation
import Glibc

/// Runs the program on a pseudo-terminal, as somebody who sits before it does.
struct Terminal: Sendable {
    let code: Int32
    /// Everything that was sent to the terminal.
    let sent: String
    /// What was written to a file instead.
    let filed: String

    /// Sends errors to the terminal, and output too unless that goes to a file.
    static func run(_ words: [String], environment: [String: String] = [:], filesOutput: Bool = false) throws -> Terminal {
        var (front, back) = (Int32(-1), Int32(-1))
        var size = winsize(ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&front, &back, nil, nil, &size) == 0 else {
            throw TestFailure("no pseudo-terminal: \(String(cString: strerror(errno)))")
        }
        defer { close(front) }
        for descriptor in [front, back] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        let file = try Program.temporaryFile()
        defer { close(file) }
        let pid = try Program.spawn(Program.path, words, environment: environment, output: filesOutput ? file : back, errors: back)
        close(back)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        // Once nobody has the other end open any more, reading fails (EIO).
        while true {
            let count = read(front, &buffer, buffer.count)
            if count > 0 { bytes += buffer[..<count] } else if count == 0 || errno != EINTR { break }
        }
        return Terminal(code: Program.wait(pid), sent: String(decoding: bytes, as: UTF8.self), filed: Program.text(of: file))
    }

    /// What is to be read on the terminal at the end, line by line, without colours.
    var screen: [String] {
        var lines: [String] = []
        var line: [Unicode.Scalar] = []
        var column = 0
        var rest = Array(sent.unicodeScalars)[...]
        func finish() { lines.append(String(String.UnicodeScalarView(line))) }
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\n":
                finish()
                (line, column) = ([], 0)
            case "\r": column = 0
            case "\u{1B}":
                // CSI, parameters, a letter: K erases to the end of the line, m sets colours.
                let sequence = rest.prefix { !$0.properties.isAlphabetic }
                rest = rest.dropFirst(sequence.count)
                if rest.popFirst() == "K" { line = Array(line.prefix(column)) }
            default:
                if column < line.count { line[column] = scalar } else { line.append(scalar) }
                column += 1
            }
        }
        finish()
        return lines
    }
}
