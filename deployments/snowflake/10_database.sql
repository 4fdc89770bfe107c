-- The database and one schema per layer. Runs again at every start, so every statement is idempotent.
CREATE DATABASE IF NOT EXISTS <% database %>;
CREATE SCHEMA IF NOT EXISTS <% database %>.RAW;
CREATE SCHEMA IF NOT EXISTS <% database %>.STAGING;
CREATE SCHEMA IF NOT EXISTS <% database %>.MARTS;
CREATE SCHEMA IF NOT EXISTS <% database %>.HISTORY;
CREATE SCHEMA IF NOT EXISTS <% database %>.ACTIVITY;
CREATE SCHEMA IF NOT EXISTS <% database %>.PRODUCT;
CREATE SCHEMA IF NOT EXISTS <% database %>.OPS;
