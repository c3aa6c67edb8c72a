/// `data:image/png;base64,iVBORw0…` (RFC 2397).
enum DataURI {
    /// Nil for what is none, or can't be read.
    static func decode(_ bytes: ArraySlice<UInt8>) -> (mediaType: String?, content: [UInt8])? {
        let scheme = Array("data:".utf8)
        guard bytes.count > scheme.count, bytes.prefix(scheme.count).elementsEqual(scheme, by: { $0 | 0x20 == $1 || $0 == $1 }) else {
            return nil
        }
        let rest = bytes.dropFirst(scheme.count)
        guard let comma = rest.firstIndex(of: UInt8(ascii: ",")) else { return nil }
        // Some programs escape what separates its parts, as in texts.
        var head = rest[..<comma].filter { $0 != UInt8(ascii: "\\") }[...]
        let marker = Array(";base64".utf8)
        let isBase64 = head.suffix(marker.count).elementsEqual(marker) { $0 | 0x20 == $1 || $0 == $1 }
        if isBase64 { head = head.dropLast(marker.count) }
        guard let data = unescaped(rest[(comma + 1)...]), let content = isBase64 ? Base64.decode(data) : data else { return nil }
        let mediaType = String(decoding: head.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self).lowercased()
        return (mediaType.isEmpty ? nil : mediaType, content)
    }

    /// Percent escapes undone (RFC 3986); nil where one is broken.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        guard bytes.contains(UInt8(ascii: "%")) else { return Array(bytes) }
        var result: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            guard bytes[index] == UInt8(ascii: "%") else {
                result.append(bytes[index])
                index += 1
                continue
            }
            guard index + 2 < bytes.endIndex, let high = bytes[index + 1].hexDigit, let low = bytes[index + 2].hexDigit else { return nil }
            result.append(high << 4 | low)
            index += 3
        }
        return result
    }
}
