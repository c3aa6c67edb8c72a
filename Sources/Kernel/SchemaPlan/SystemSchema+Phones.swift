extension SystemSchema {
    /// Phone numbers that no numbering plan has were told apart by their digits alone; now by their letters too, and by digits of any script. Those
    /// that are stored get the form that the store gives them from now on.
    static let phones = Step(
        version: 22,
        title: "letters of phone numbers",
        sql: """
            DO $$
            DECLARE phones regclass;
            BEGIN
                FOR phones IN
                    SELECT a.attrelid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relkind = 'r' AND c.relname LIKE '%\\_\\_%' AND n.nspname <> 'tessera' AND n.nspname NOT LIKE 'pg\\_%'
                        AND a.attname IN ('record_id', 'number', 'normalised', 'extension') AND NOT a.attisdropped
                    GROUP BY a.attrelid HAVING count(*) = 4
                LOOP
                    EXECUTE format($f$
                        UPDATE %s SET normalised = folded FROM (
                            SELECT record_id AS record, normalised AS old, tessera.lower(regexp_replace(
                                translate(number, '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९０１２３４５６７８９', repeat('0123456789', 4)) COLLATE "C",
                                '[\\x01-/:-@[-`{-\\x7f]+', '', 'g')) AS folded
                            FROM %s WHERE normalised NOT LIKE '+%%') AS f
                        WHERE record_id = record AND normalised = old AND folded <> old AND folded <> ''
                    $f$, phones, phones);
                END LOOP;
            END $$;
            """
    )
}
