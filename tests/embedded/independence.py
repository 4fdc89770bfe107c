"""Why the project does not depend on what the embedded warehouse does otherwise than Snowflake: a test for each.

Most differences are refusals: a whole run that ends well has sent no such statement. Of the silent ones, a test looks
through every statement of a run for them, or holds the results against what does not come from the warehouse.
"""

from __future__ import annotations

A_RUN = "flows/test_pipeline.py test_a_run_goes_from_the_source_to_validated_marts"
EVERY_STATEMENT = "flows/test_pipeline.py test_every_statement_is_as_snowflake_documents_it"
HOSTILE = "flows/test_hostile_account.py test_no_statement_stands_on_a_default_of_the_account"
PLANNED = "flows/test_deploy_snowflake.py test_what_differs_is_planned_and_made_and_nothing_else"
MONEY = "unit/formulas/test_money.py test_a_twelfth_of_every_price_is_what_exact_arithmetic_gives"
TIES = "unit/staging/test_ties.py test_the_best_record_of_a_key_is_kept_whichever_is_stored"
TWO_BUILDS = "unit/engine/test_building.py test_of_two_builds_at_once_one_is_written_and_the_other_is_told"
LOCAL_TESTING = "fidelity/test_local_testing.py test_local_testing_gives_the_same_rows"

# By the test that shows the difference.
SHOWN_BY = {
    "test_who_leaves_a_parameter_to_the_account_is_refused_by_its_name": HOSTILE,
    "test_selected_names_that_differ_in_case": A_RUN,
    "test_intervals": A_RUN,
    "test_multi_joined_rows": EVERY_STATEMENT,
    "test_nanoseconds": "unit/staging/test_times.py test_every_time_column_takes_the_same_spellings",
    "test_repeated_key_that_deletes": "unit/engine/test_building.py test_repeated_keys_are_refused_with_an_example",
    "test_unloaded_files_load_again": EVERY_STATEMENT,
    "test_what_copy_cannot_do_is_named": A_RUN,
    "test_zone_of_a_timestamp": EVERY_STATEMENT,
    "test_large_whole_numbers": A_RUN,
    "test_session_parameters_that_are_refused": HOSTILE,
    "test_keys": EVERY_STATEMENT,
    "test_added_length": A_RUN,
    "test_a_folder_is_read_once_it_is_opened": EVERY_STATEMENT,
    "test_functions_that_are_refused": A_RUN,
    "test_order_of_types_in_variants": TIES,
    "test_a_transaction_that_would_give_other_counts_is_refused": TWO_BUILDS,
    "test_column_names_that_differ_in_case": A_RUN,
    "test_queries_that_are_refused": A_RUN,
    "test_hash": EVERY_STATEMENT,
    "test_precision_of_division": MONEY,
    "test_snowpark_reads_parquet": EVERY_STATEMENT,
    "test_a_schema_is_inferred": EVERY_STATEMENT,
    "test_what_reading_cannot_do_is_named": A_RUN,
    "test_a_transaction_over_two_databases_is_refused": A_RUN,
    "test_a_failed_statement_loses_its_transaction": A_RUN,
    "test_the_query_history_is_that_of_the_server": EVERY_STATEMENT,
    "test_there_is_one_user_and_one_role": PLANNED,
    "test_nothing_is_refused_for_want_of_a_privilege": PLANNED,
    "test_key_order": LOCAL_TESTING,
    "test_variant_text": LOCAL_TESTING,
    "test_variant_column_against_text_column": A_RUN,
    "test_a_login_makes_its_database": PLANNED,
    "test_put_of_a_wildcard_keeps_the_files_that_are_there": "sources/test_loading.py test_a_file_loads_once",
    "test_what_stages_cannot_do_is_named": A_RUN,
}
