import Catalog
import NIOHTTP1
import QueryLanguage
import Records

/// The same done to every record that a condition selects, in a request or in the background.
struct EachWrite {
    let type: ApiType
    let filter: TypedExpression
    let action: EachAction

    /// What it is called in lists.
    static func label(_ type: ApiType, isDelete: Bool) -> String {
        "\(isDelete ? "delete" : "update") \(type.collection) that a condition selects"
    }

    /// What became of the records, with the failures that the answer tells.
    static func result(_ type: ApiType, _ ids: [GUID], _ outcomes: [WriteOutcome]) -> BulkOutcome {
        let numbered = Dictionary(uniqueKeysWithValues: outcomes.enumerated().map { ($0, $1) })
        let failures = numbered.compactMapValues { if case .failed(let error) = $0 { APIError(error) } else { nil } }
        var result = BulkOutcome(outcomes.indices, outcomes: numbered, failures: failures)
        result.records = BulkOutcome.Selected(collection: type.collection, ids: ids)
        return result
    }

    /// The condition of a request, checked against the type.
    ///
    /// - Throws: `bulk.no_filter` where there is none.
    static func filter(_ query: CheckedQuery?, of type: ApiType) throws(APIError) -> TypedExpression {
        guard let filter = query?.filter else {
            throw APIError(
                .badRequest, "bulk.no_filter",
                "Say which \(type.record.labelPlural.lowercased()) with $filter; filter=true means all of them.", target: "$filter")
        }
        return filter
    }

    /// What a body sets in all of the records.
    static func update(_ record: RecordDecoder.Record) throws(APIError) -> EachAction {
        guard record.key == nil, record.version == nil else {
            throw APIError(.badRequest, "records.no_key", "The body names no record: $filter selects them.", target: "id")
        }
        return .update(record.input)
    }
}
