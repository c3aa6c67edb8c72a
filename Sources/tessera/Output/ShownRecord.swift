import JSONReading
import QueryLanguage

/// A record as the API writes it, its members in their order.
struct ShownRecord: Sendable {
    /// The whole object.
    let json: [UInt8]
    private(set) var members: [(name: String, value: Value)] = []

    /// Reads an array of records.
    static func all(in array: [UInt8]) throws -> [ShownRecord] {
        var reader = JSONReader(array)
        var records: [ShownRecord] = []
        try reader.beginArray()
        while try reader.nextElement(records.count) { records.append(try ShownRecord(&reader)) }
        return records
    }

    /// Reads a page of a list: its records, and the address of the next page.
    static func page(in body: [UInt8]) throws -> (records: [ShownRecord], next: String?) {
        var reader = JSONReader(body)
        var records: [ShownRecord] = []
        var next: String?
        var keys = try reader.beginObject()
        while let key = try reader.nextKey(&keys) {
            switch key.name {
            case "value":
                try reader.beginArray()
                while try reader.nextElement(records.count) { records.append(try ShownRecord(&reader)) }
            case "@nextLink": next = try reader.readString()
            default: try reader.skipValue()
            }
        }
        return (records, next)
    }

    /// Reads the object that comes next.
    private init(_ reader: inout JSONReader) throws {
        _ = try reader.peek()
        let start = reader.offset
        var keys = try reader.beginObject()
        while let key = try reader.nextKey(&keys) { members.append((key.name, try reader.readValue())) }
        json = Array(reader.bytes[start..<reader.offset])
    }
}
