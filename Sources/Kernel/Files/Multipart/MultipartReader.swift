import Glibc
package import NIOCore

/// Takes a `multipart/form-data` body apart while it arrives (RFC 7578, RFC 2046 section 5.1). Pure; holds no more than a boundary or the
/// headers of one part.
package struct MultipartReader {
    package enum Event: Sendable, Hashable {
        /// A part begins.
        case part(Part)
        case content(ByteBuffer)
        /// The part that began last is complete.
        case end
    }

    package struct Part: Sendable, Hashable {
        /// The form's field.
        package var name: String?
        /// nil for a field that isn't a file.
        package var fileName: String?
        package var contentType: String?
    }

    package struct Malformed: Error, Sendable, Hashable, CustomStringConvertible {
        package var description: String
    }

    private enum State {
        case preamble, delimiter, headers, content, epilogue
    }

    package static let longestHeaders = 16_384
    package static let mostParts = 100
    /// Spaces behind a boundary.
    private static let longestPadding = 64

    private let delimiter: [UInt8]
    private var state = State.preamble
    private var pending = ByteBuffer()
    private var parts = 0

    /// The boundary of a Content-Type; nil when it isn't multipart/form-data with one.
    package static func boundary(of contentType: String) -> String? {
        let header = HeaderParameters(contentType)
        guard header.value == "multipart/form-data", let boundary = header.parameters["boundary"] else { return nil }
        guard (1...70).contains(boundary.utf8.count), boundary.utf8.allSatisfy({ $0 > 0x1F && $0 < 0x7F }) else { return nil }
        return boundary
    }

    package init(boundary: String) {
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter needs no line before it.
        pending.writeString("\r\n")
    }

    /// What the next bytes of the body bring.
    package mutating func feed(_ piece: ByteBuffer) throws(Malformed) -> [Event] {
        var piece = piece
        pending.writeBuffer(&piece)
        var events: [Event] = []
        while try step(&events) {}
        pending.discardReadBytes()
        return events
    }

    /// Says that the body ends here.
    package func finish() throws(Malformed) {
        guard case .epilogue = state else { throw Malformed(description: "The body ends before its last boundary.") }
    }

    /// One step; false when more bytes are needed.
    private mutating func step(_ events: inout [Event]) throws(Malformed) -> Bool {
        switch state {
        case .preamble:
            guard let start = find(delimiter) else {
                drop(keeping: delimiter.count - 1)
                return false
            }
            pending.moveReaderIndex(forwardBy: start + delimiter.count)
            state = .delimiter
            return true
        case .delimiter: return try readDelimiter()
        case .headers: return try readHeaders(&events)
        case .content:
            let start = find(delimiter)
            let length = start ?? max(0, pending.readableBytes - delimiter.count + 1)
            if length > 0, let content = pending.readSlice(length: length) { events.append(.content(content)) }
            guard start != nil else { return false }
            pending.moveReaderIndex(forwardBy: delimiter.count)
            events.append(.end)
            state = .delimiter
            return true
        case .epilogue:
            pending.clear()
            return false
        }
    }

    /// What follows a boundary: two hyphens after the last one, else the end of the line, before which spaces may stand.
    private mutating func readDelimiter() throws(Malformed) -> Bool {
        guard pending.readableBytes >= 2 else { return false }
        let next = pending.readableBytesView.prefix(2)
        if next.elementsEqual("--".utf8) {
            state = .epilogue
            return true
        }
        guard let line = find([0x0D, 0x0A]) else {
            if pending.readableBytes > Self.longestPadding + 1 {
                throw Malformed(description: "A boundary is followed by more than the end of its line.")
            }
            return false
        }
        guard line <= Self.longestPadding, pending.readableBytesView.prefix(line).allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else {
            throw Malformed(description: "A boundary is followed by more than the end of its line.")
        }
        // The end of this line is also the line that comes before the headers' own end.
        pending.moveReaderIndex(forwardBy: line)
        parts += 1
        guard parts <= Self.mostParts else { throw Malformed(description: "The body has more than \(Self.mostParts) parts.") }
        state = .headers
        return true
    }

    private mutating func readHeaders(_ events: inout [Event]) throws(Malformed) -> Bool {
        guard let end = find(Array("\r\n\r\n".utf8)) else {
            if pending.readableBytes > Self.longestHeaders + 3 { throw Malformed(description: "The headers of a part are too long.") }
            return false
        }
        guard end <= Self.longestHeaders else { throw Malformed(description: "The headers of a part are too long.") }
        let text = String(decoding: pending.readableBytesView.prefix(end), as: UTF8.self)
        pending.moveReaderIndex(forwardBy: end + 4)
        var part = Part()
        for line in text.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { throw Malformed(description: "A header of a part has no colon.") }
            let value = String(line[line.index(after: colon)...])
            switch line[..<colon].lowercased() {
            case "content-disposition":
                let header = HeaderParameters(value)
                part.name = header.parameters["name"]
                part.fileName = header.fileName
            case "content-type": part.contentType = String(value.drop { $0 == " " })
            default: break
            }
        }
        events.append(.part(part))
        state = .content
        return true
    }

    private mutating func drop(keeping count: Int) {
        pending.moveReaderIndex(forwardBy: max(0, pending.readableBytes - count))
    }

    private func find(_ pattern: [UInt8]) -> Int? {
        guard let first = pattern.first else { return nil }
        return pending.withUnsafeReadableBytes { bytes -> Int? in
            var start = 0
            while start + pattern.count <= bytes.count {
                // SAFETY: memchr and memcmp read within `bytes`; a match found by the first leaves room for the second.
                guard let base = bytes.baseAddress,
                    let found = memchr(base + start, Int32(first), bytes.count - pattern.count + 1 - start)
                else { return nil }
                let position = UnsafeRawPointer(found) - base
                if memcmp(found, pattern, pattern.count) == 0 { return position }
                start = position + 1
            }
            return nil
        }
    }
}
