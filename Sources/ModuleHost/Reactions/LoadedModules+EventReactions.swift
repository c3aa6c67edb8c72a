package import Catalog
package import Events
import QueryLanguage
import Records
import TesseraKit

extension LoadedModules: EventReactions {
    package func hasHandler(_ handler: EventSubscription.Handler) -> Bool { reactions[handler.description] != nil }

    package func handle(
        _ image: EventImage, of subscription: EventSubscription, writingTo records: ReactionRecords
    ) async throws {
        let handler = subscription.handler
        guard let reaction = reactions[handler.description] else {
            throw EventsError(.handlerFailed, "There is no handler '\(handler)' in this server.")
        }
        guard let event = RecordEvent(image, subscription: subscription.id) else {
            throw EventsError(.handlerFailed, "A value of the record is of a kind that modules can't be shown.")
        }
        do {
            try await reaction.handler(event, RecordStoreClient { try await records.answer($0) })
        } catch {
            throw EventsError(.handlerFailed, "\(handler): \(ModuleLoader.reason(error))")
        }
    }
}

extension RecordEvent {
    /// Nil when a value is of a kind that modules can't be shown.
    fileprivate init?(_ image: EventImage, subscription: String) {
        let event = image.event
        guard let old = image.old.allConverted({ FieldValue($0) }), let new = image.new.allConverted({ FieldValue($0) }),
            let record = image.record.allConverted({ FieldValue($0) }), let at = Timestamp(microsecondsSince1970: event.at.microseconds)
        else { return nil }
        self.init(
            subscription: subscription, id: Guid(event.id), position: event.position, topic: event.topic, at: at,
            recordType: event.recordType,
            recordID: Guid(event.record), version: event.version, changed: Set(event.changed), old: old, new: new, record: record,
            actor: Guid(event.principal), onBehalfOf: event.onBehalfOf.map { Guid($0) }, channel: event.channel,
            changeSet: Guid(event.changeSet), cause: event.cause.map { Guid($0) })
    }
}

extension ReactionRecords {
    /// Does what a handler asks for.
    ///
    /// - Throws: `ModuleError` with the code that the API has for it.
    fileprivate func answer(_ request: RecordRequest) async throws -> RecordAnswer {
        do {
            switch request {
            case .get(let type, let id, let fields):
                return .found(try [await get(type, GUID(id), fields: fields)].compactMap(\.self).map { try $0.shown() })
            case .find(let type, let condition, let order, let fields, let limit):
                return .found(
                    try await find(type, condition: condition, order: order, fields: fields, limit: limit).map { try $0.shown() })
            case .create(let type, let values): return Self.written(try await create(type, Self.stored(values)))
            case .update(let type, let id, let values, let version):
                return Self.written(try await update(type, GUID(id), Self.stored(values), version: version))
            case .delete(let type, let id): return Self.written(try await delete(type, GUID(id)))
            }
        } catch let error as RecordsError {
            throw ModuleError(.init(rawValue: error.code.description), error.reasons)
        } catch let error as QueryError {
            throw ModuleError(.init(rawValue: error.code.description), "\(error.message) (column \(error.column))")
        } catch let error as EventsError {
            throw ModuleError(.init(rawValue: error.code.description), error.message)
        }
    }

    private static func written(_ outcome: (id: GUID, version: Int64)) -> RecordAnswer {
        .written(id: Guid(outcome.id), version: outcome.version)
    }

    private static func stored(_ values: [String: FieldValue]) throws -> [String: Value] {
        guard let stored = values.allConverted({ Value($0) }) else {
            throw RecordsError(.invalid, "A value is none that a record can hold: a date out of the calendar, or too deep a nesting.")
        }
        return stored
    }
}

extension ReactionRecords.Found {
    fileprivate func shown() throws -> FoundRecord {
        guard let values = values.allConverted({ FieldValue($0) }) else {
            throw RecordsError(.internalFault, "A value of the record is of a kind that modules can't be shown.")
        }
        return FoundRecord(id: Guid(id), version: version, values: values)
    }
}
