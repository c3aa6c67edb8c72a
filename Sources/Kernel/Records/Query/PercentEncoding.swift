/// RFC 3986 percent-encoding for the links in JSON.
enum PercentEncoding {
    /// One `name=value` of a query string: everything but unreserved characters and a few that are plain there is encoded, so that the result
    /// stands in JSON as it is.
    static func query(_ text: String) -> String {
        var output: [UInt8] = []
        for byte in text.utf8 {
            if isPlain(byte) {
                output.append(byte)
            } else {
                output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._~$=(),/:;*@".utf8.contains(byte)
        }
    }
}
